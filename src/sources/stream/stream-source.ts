import { Readable } from 'node:stream';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { checkOptions, type Checks, size } from '../options/check-options.js';
import { checkStream } from '../options/given-value.js';
import { METADATA_CHECKS, type SourceMetadata } from '../options/source-metadata.js';
import type { Bytes, RangeSource, Representation } from '../source.js';
import { endWithResponse, hasListeners } from './app-stream.js';
import { ForwardReader, type OnePass } from './forward-reader.js';
import { isPipeable, type Pipeable } from './piped-stream.js';
import { destroyQuietly, toReadable } from './releasable-bytes.js';
import { responseOf } from './waiting-response.js';

export interface StreamSourceOptions extends SourceMetadata {
  /** Complete length in bytes. Without it, the stream is sent whole. */
  readonly size?: number;
}

/**
 * A source over a stream or generator that can be read once, from the beginning: it serves one request, and ascending ranges
 * by skipping. The source owns the stream and destroys it.
 *
 * @throws TypeError (immediately) if it is not a stream, or for an unknown or invalid option
 * @throws TypeError (when resolved) if the stream was already read or destroyed
 */
export function streamSource(stream: Readable | Bytes, options: StreamSourceOptions = {}): RangeSource {
  checkStream(stream);
  checkOptions('streamSource', options, CHECKS);
  let isConsumed = false;
  return {
    ...SOURCE_IS_NOT_JSON,
    resolve(signal) {
      const { readableDidRead, destroyed, errored }: Partial<Readable> = stream instanceof Readable ? stream : {};
      if (isConsumed || readableDidRead === true || destroyed === true) throw errored ?? new TypeError(ALREADY_READ);
      isConsumed = true;
      return remainderSource(stream, options).resolve(signal);
    },
    discard: () => destroyQuietly(isPipeable(stream) ? stream : toReadable(stream)),
  };
}

/**
 * A source over the rest of a stream of any kind, for one request. Takes ownership of the stream immediately.
 *
 * @param metadata its size is that of the rest
 */
export function remainderSource(stream: Readable | Pipeable | Bytes, metadata: StreamSourceOptions): RangeSource {
  const observed = isPipeable(stream) && hasListeners(stream) ? stream : undefined;
  const readable = toReadable(stream);
  let isConsumed = false;
  return {
    resolve(signal) {
      if (isConsumed) throw new TypeError(ALREADY_READ);
      isConsumed = true;
      const representation = forwardRepresentation(readable, metadata, signal);
      const endsWithResponse = observed !== undefined && endWithResponse(observed, signal);
      return endsWithResponse ? { ...representation, close: () => {} } : representation;
    },
  };
}

const CHECKS: Checks<StreamSourceOptions> = { ...METADATA_CHECKS, size };

const ALREADY_READ = 'streamSource: the stream was read or destroyed already; make one for each request';

/** A representation over a stream that is read forwards, once. An abort destroys it, even if it yields nothing. */
export function forwardRepresentation(
  stream: OnePass,
  metadata: StreamSourceOptions,
  signal: AbortSignal,
): Representation {
  const reader = new ForwardReader(stream, () => responseOf(signal)?.noteProgress());
  signal.addEventListener('abort', () => reader.close(), { once: true });
  return {
    ...metadata,
    forwardOnly: true,
    open: (range) => reader.read(range),
    close: () => reader.close(),
  };
}
