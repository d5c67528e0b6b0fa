import type { ByteRange } from '../../http/ranges/byte-range.js';
import { adviceOnStream } from '../options/not-bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../source-errors.js';
import type { Bytes } from '../source.js';
import {
  destroyQuietly,
  isDestroyable,
  isReadable,
  type Releasable,
  release,
  toReleasable,
} from '../stream/releasable-bytes.js';
import { toBytes } from '../stream/to-bytes.js';
import { responseOf } from '../stream/waiting-response.js';
import type { SpoolPart } from './spool-part.js';
import type { SpooledFile } from './spool.js';

/** Generates content. `signal` aborts when it is no longer needed, or has failed. */
export type Generate = (signal: AbortSignal) => Bytes | Promise<Bytes>;

/**
 * `made`: all bytes can be read, but the file does not have its final name yet. `complete` without a file: it could not be
 * renamed, and is only available to its holders.
 */
type State =
  | { readonly kind: 'making' | 'made' }
  | { readonly kind: 'complete'; readonly file: SpooledFile | undefined }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Bytes per read of each reader. */
const CHUNK = 64 * 1024;

/**
 * Content being generated: its bytes are written to a file, which any number of readers follow at their own pace. Continues
 * to its end, or is abandoned after having no holders for `abandonAfterMs`.
 */
export class Generation {
  private readonly controller = new AbortController();
  private readonly waiting = new Set<() => void>();
  private state: State = { kind: 'making' };
  private holds = 0;
  private abandoning: NodeJS.Timeout | undefined;

  /**
   * Takes ownership of the file.
   *
   * @param onEnd called once when the generation is complete or has failed
   */
  constructor(
    private readonly part: SpoolPart,
    generate: Generate,
    private readonly abandonAfterMs: number,
    private readonly onEnd: () => void,
  ) {
    void this.run(generate);
  }

  get tag(): string {
    return this.part.tag;
  }

  get isComplete(): boolean {
    return this.state.kind === 'complete';
  }

  /** Bytes that can be read so far. */
  get size(): number {
    return this.part.size;
  }

  /** `undefined`: it is not complete, or could not be renamed. */
  get file(): SpooledFile | undefined {
    return this.state.kind === 'complete' ? this.state.file : undefined;
  }

  /** Keeps the generation running and readable until the returned function is called. */
  hold(): () => void {
    this.holds++;
    clearTimeout(this.abandoning);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holds--;
      if (this.holds === 0) this.onUnheld();
    };
  }

  /** The bytes of a range, or all of them, as they are generated. The reader must hold the generation. */
  async *read(range: ByteRange | undefined, signal: AbortSignal): Bytes {
    const end = range === undefined ? Infinity : range.lastPos + 1;
    for (let position = range?.firstPos ?? 0; position < end;) {
      signal.throwIfAborted();
      const { state, part } = this;
      if (state.kind === 'failed') throw state.error;
      const available = Math.min(part.size, end) - position;
      if (available > 0) {
        const chunk = await part.read(position, Math.min(available, CHUNK));
        position += chunk.byteLength;
        yield chunk;
      } else if (state.kind === 'making') {
        await this.change(signal);
        responseOf(signal)?.noteProgress();
      } else {
        return;
      }
    }
  }

  /** @throws the error of the generation, or the reason of the signal */
  async whenComplete(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const { state } = this;
      if (state.kind === 'complete') return;
      if (state.kind === 'failed') throw state.error;
      await this.change(signal);
    }
  }

  private async run(generate: Generate): Promise<void> {
    const { signal } = this.controller;
    try {
      const bytes = checked(await generate(signal));
      if (signal.aborted) return await release(bytes);
      if (isDestroyable(bytes)) signal.addEventListener('abort', () => destroyQuietly(bytes), { once: true });
      for await (const chunk of bytes as AsyncIterable<unknown>) {
        if (signal.aborted) return;
        await this.part.write(toBytes(chunk, bytes.readableEncoding ?? 'utf8'));
        if (signal.aborted) return; // do not wait for a next chunk
        this.wake();
      }
      if (!signal.aborted) await this.publish();
    } catch (error) {
      this.fail(error);
    }
  }

  private async publish(): Promise<void> {
    clearTimeout(this.abandoning);
    this.state = { kind: 'made' };
    this.wake();
    const file = await this.part.publish();
    this.state = { kind: 'complete', file };
    this.onEnd();
    this.wake();
    if (this.holds === 0) void this.part.close();
  }

  private fail(error: unknown): void {
    if (this.state.kind === 'failed') return; // after an abort, the generator may fail
    clearTimeout(this.abandoning);
    this.state = { kind: 'failed', error };
    this.onEnd();
    this.wake();
    this.controller.abort();
    void this.part.discard();
  }

  /** Called when there are no holders left. */
  private onUnheld(): void {
    if (this.state.kind === 'complete') void this.part.close();
    if (this.state.kind !== 'making' || this.abandonAfterMs === Infinity) return;
    const abandon = (): void => this.fail(new SourceUnavailableError('the generation was abandoned by all clients'));
    this.abandoning = setTimeout(abandon, this.abandonAfterMs).unref();
  }

  /** Resolves on the next chunk or change of state, or when the signal aborts. */
  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.waiting.delete(settle);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      this.waiting.add(settle);
      signal.addEventListener('abort', settle, { once: true });
    });
  }

  private wake(): void {
    for (const settle of this.waiting) settle();
  }
}

function checked(made: Bytes): Releasable {
  if (!isReadable(made)) throw new SourceFaultError(`generatedSource: generate() returned ${adviceOnStream(made)}`);
  return toReleasable(made);
}
