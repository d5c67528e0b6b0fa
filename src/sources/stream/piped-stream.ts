import { finished, PassThrough, type Readable } from 'node:stream';

/** A stream as Nest understands it: anything with `pipe`, not only a stream of Node.js. */
export interface Pipeable {
  pipe(destination: NodeJS.WritableStream): unknown;
  on(event: string, listener: () => void): unknown;
  emit(event: string): unknown;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
  readonly readableEnded?: boolean;
  readonly readableFlowing?: boolean | null;
  pause?(): unknown;
  destroy?(error?: Error | null): unknown;
}

/** Requires `on` as well: an Observable has `pipe`, too. */
export function isPipeable(value: object): value is Pipeable {
  return 'pipe' in value && typeof value.pipe === 'function' && 'on' in value && typeof value.on === 'function';
}

/**
 * Pipes a stream of another library into a Node.js stream, which fails if the other does not end properly, and destroys the
 * other on close. form-data and readable-stream 2 cannot be iterated; readable-stream 3 ends its iteration as if complete
 * when it is destroyed midway. Starts immediately, since old-style streams do not wait for a reader.
 */
export function pipedThrough(stream: Pipeable): Readable {
  const through = new PassThrough({ objectMode: true, highWaterMark: 1 }); // text stays text, and little is read ahead
  // Listens before `pipe` does: readable-stream 2 emits 'end' also when it is destroyed.
  stream.on('end', () => {
    if (stream.destroyed === true) through.destroy(new Error(DESTROYED));
  });
  // The types of `finished` require more methods than it uses.
  finished(stream as Pipeable & NodeJS.ReadableStream, { writable: false }, (error) => {
    if (error !== undefined && error !== null) through.destroy(error);
  });
  through.once('close', () => {
    if (!through.readableEnded) stream.destroy?.();
  });
  // Newer versions of Node.js never finish a stream that was destroyed before.
  if (stream.destroyed === true && stream.readableEnded !== true)
    through.destroy(stream.errored ?? new Error(DESTROYED));
  stream.pipe(through);
  return through;
}

const DESTROYED = 'the stream was destroyed before its end';
