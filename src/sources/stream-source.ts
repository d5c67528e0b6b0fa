import { Readable } from 'node:stream';
import type { SourceMetadata } from './bytes-source.js';
import { ForwardReader, type OnePass } from './forward-reader.js';
import { destroyQuietly } from './octets.js';
import type { Bytes, RangeSource, Representation } from './source.js';

export interface StreamSourceOptions extends SourceMetadata {
  /** Complete length in octets. Without it the stream is sent whole, as it comes. */
  readonly size?: number;
}

/**
 * A source over a stream or a generator that can be read once, from its beginning: it serves one request, and ranges
 * in ascending order by skipping. The source owns the stream and destroys it.
 *
 * @throws TypeError (when it is resolved) for a stream that was read or destroyed before, by a request or by the app
 */
export function streamSource(stream: Readable | Bytes, options: StreamSourceOptions = {}): RangeSource {
  let isTaken = false;
  return {
    resolve(signal) {
      const readable = toReadable(stream);
      if (isTaken || readable.readableDidRead || readable.destroyed)
        throw readable.errored ?? new TypeError(ALREADY_READ);
      isTaken = true;
      return forwardRepresentation(readable, options, signal);
    },
    discard: () => destroyQuietly(toReadable(stream)),
  };
}

const ALREADY_READ = 'streamSource: the stream was read or destroyed already; make one for each request';

/** A representation over a stream that is read forwards, once. An abort ends also a stream that stays silent. */
export function forwardRepresentation(
  stream: OnePass,
  metadata: StreamSourceOptions,
  signal: AbortSignal,
): Representation {
  const reader = new ForwardReader(stream);
  signal.addEventListener('abort', () => reader.close(), { once: true });
  return {
    ...metadata,
    forwardOnly: true,
    open: (range) => reader.read(range),
    close: () => reader.close(),
  };
}

function toReadable(stream: Readable | Bytes): Readable {
  return stream instanceof Readable ? stream : Readable.from(stream, { objectMode: false, highWaterMark: 1 });
}
