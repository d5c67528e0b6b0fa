import { isPromise } from 'node:util/types';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import {
  destroyQuietly,
  isDestroyable,
  isReadable,
  iterate,
  release,
  toReleasable,
} from '../stream/releasable-bytes.js';
import { toBytes } from '../stream/to-bytes.js';
import { chunkPool } from '../file/chunk-pool.js';
import { FileReader } from '../file/file-reader.js';
import { adviceOnStream } from '../options/not-bytes.js';
import { SourceFaultError, SourceLengthError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import { responseOf } from '../stream/waiting-response.js';
import type { CompositeParts, OpenedPart } from './composite-parts.js';

/** A piece of a composite: literal bytes, or a range of a part. */
export type Piece =
  | { readonly kind: 'bytes'; bytes(): Uint8Array | Promise<Uint8Array> }
  | {
      readonly kind: 'part';
      readonly index: number;
      /** Names the part in messages. */
      readonly name: string;
      /** Positions inclusive; `undefined`: all of it. */
      readonly range: ByteRange | undefined;
      /** In bytes; `undefined`: unknown. */
      readonly length: number | undefined;
      /** Called with each chunk, in order, before it is yielded; may throw. */
      readonly watch?: ((chunk: Uint8Array) => void) | undefined;
    };

/** Smaller chunks are combined: copying them costs less than a write for each. */
const SMALL = 16 * 1024;
const FULL = 64 * 1024;

/**
 * Reads pieces in sequence, each exactly as long as planned. Small pieces are combined with the next one. Throws a
 * SourceLengthError if a part yields fewer or more bytes than its size.
 */
export class PieceReader implements AsyncIterable<Uint8Array> {
  private lends = false;

  /** @param pieces created lazily */
  constructor(
    private readonly pieces: Iterable<Piece>,
    private readonly parts: CompositeParts,
    private readonly signal: AbortSignal,
  ) {}

  /** Yields chunks of files that the reader must return to the pool. */
  lendChunks(): void {
    this.lends = true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const small = new SmallChunks();
    for await (const chunk of this.chunks()) {
      const isSmall = chunk.byteLength < SMALL;
      if (isSmall) {
        small.add(chunk);
        responseOf(this.signal)?.noteProgress();
        if (small.length < FULL) continue;
      }
      if (small.length > 0) yield small.take();
      if (!isSmall) yield chunk;
    }
    if (small.length > 0) yield small.take();
  }

  private async *chunks(): Bytes {
    for (const piece of this.pieces) {
      this.signal.throwIfAborted();
      if (piece.kind === 'bytes') {
        const bytes = piece.bytes();
        yield isPromise(bytes) ? await bytes : bytes;
        continue;
      }
      const opened = await this.parts.open(piece.index, piece.range, this.signal);
      if (this.lends && opened.bytes instanceof FileReader) opened.bytes.lendChunks();
      for await (const chunk of exactly(opened, piece.length, piece.name, this.signal)) {
        piece.watch?.(chunk);
        yield chunk;
      }
    }
  }
}

/** Collects small chunks to send them together. */
class SmallChunks {
  length = 0;
  private chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.length += chunk.byteLength;
  }

  take(): Uint8Array {
    const together = Buffer.concat(this.chunks, this.length);
    for (const chunk of this.chunks) chunkPool.release(chunk);
    this.chunks = [];
    this.length = 0;
    return together;
  }
}

/** Yields the bytes of a part. Holds the last ones back until the part has ended. */
async function* exactly(
  { bytes, isExact }: OpenedPart,
  length: number | undefined,
  name: string,
  signal: AbortSignal,
): Bytes {
  if (!isReadable(bytes))
    throw new SourceFaultError(`open() of the source of ${name} returned ${adviceOnStream(bytes)}`);
  const readable = toReleasable(bytes);
  if (signal.aborted) {
    await release(readable);
    throw signal.reason;
  }
  const destroy = (): void => destroyQuietly(readable);
  if (isDestroyable(readable)) signal.addEventListener('abort', destroy, { once: true });
  try {
    yield* counted(readable, isExact, length, name, signal);
  } finally {
    signal.removeEventListener('abort', destroy);
  }
}

async function* counted(
  bytes: Bytes,
  isExact: boolean,
  length: number | undefined,
  name: string,
  signal: AbortSignal,
): Bytes {
  const iterator = iterate(bytes);
  let remaining = length ?? Infinity;
  let last: Uint8Array | undefined;
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      const chunk = toBytes(next.value);
      responseOf(signal)?.noteProgress();
      remaining -= chunk.byteLength;
      if (remaining < 0) throw new SourceLengthError(`${name} has more than the ${length} bytes expected`);
      if (remaining > 0) yield chunk;
      else if (chunk.byteLength > 0) last = chunk;
      if (remaining === 0 && isExact) break;
    }
    if (remaining > 0 && length !== undefined) {
      throw new SourceLengthError(`${name} ended ${remaining} bytes before its end`);
    }
    if (last !== undefined) yield last;
  } finally {
    await iterator.return?.();
  }
}
