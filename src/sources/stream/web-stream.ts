import { Readable } from 'node:stream';
import { callQuietly } from '../call-quietly.js';
import { toBytes } from './to-bytes.js';

/** A web stream of any library: `Readable.fromWeb` accepts only those of Node.js. */
export interface WebStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

export function isWebStream(value: object): value is WebStream {
  return 'getReader' in value && typeof value.getReader === 'function';
}

/**
 * Reads a web stream as a Node.js stream. Destroying that cancels the web stream, even while a read is pending; iterating over
 * the web stream itself could not be ended then.
 */
export function fromWebStream(stream: WebStream): Readable {
  const reader = stream.getReader();
  return new Readable({
    objectMode: true, // an empty chunk is progress, too
    highWaterMark: 1,
    read() {
      const read = async (): Promise<Uint8Array | null> => {
        const { done, value } = await reader.read();
        return done ? null : toBytes(value);
      };
      read().then(
        (chunk) => this.push(chunk),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      callQuietly(() => reader.cancel(error ?? undefined));
      callback(error);
    },
  });
}
