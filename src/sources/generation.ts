import type { ByteRange } from '../http/byte-range.js';
import { destroyQuietly, isDestroyable, type Releasable, release, toOctets, toReleasable } from './octets.js';
import { SourceUnavailableError } from './source-errors.js';
import type { Bytes } from './source.js';
import type { SpooledFile } from './spool.js';
import type { SpoolPart } from './spool-part.js';

/** Makes content. `signal` aborts when nobody waits for it any more, or where it came to nothing. */
export type Generate = (signal: AbortSignal) => Bytes | Promise<Bytes>;

/** `made`: all octets are there to be read, but the file has not got its name yet. */
type State =
  | { readonly kind: 'making' | 'made' }
  | { readonly kind: 'complete'; readonly file: SpooledFile }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Octets that are read at once, by each of those who follow. */
const CHUNK = 64 * 1024;

/**
 * Content while it is made: its octets go to a file, as fast as they come, where any number of readers follow them, each
 * at its own pace. It ends by itself, or is abandoned when nobody has held it for `abandonAfterMs`.
 */
export class Generation {
  private readonly controller = new AbortController();
  private readonly waiting = new Set<() => void>();
  private state: State = { kind: 'making' };
  private holds = 0;
  private abandoning: NodeJS.Timeout | undefined;

  /**
   * Takes the file over.
   *
   * @param onEnd called once, when it is complete or has failed
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

  /** `undefined`: it is not complete. */
  get file(): SpooledFile | undefined {
    return this.state.kind === 'complete' ? this.state.file : undefined;
  }

  /** Keeps it going, and readable, until what is returned is called. */
  hold(): () => void {
    this.holds++;
    clearTimeout(this.abandoning);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holds--;
      if (this.holds === 0) this.leave();
    };
  }

  /** The octets of a range, or all of them, as they come. Whoever reads holds the generation. */
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
      } else {
        return;
      }
    }
  }

  /** @throws what the generation failed by, or the reason of the signal */
  async whenComplete(signal: AbortSignal): Promise<SpooledFile> {
    for (;;) {
      signal.throwIfAborted();
      const { state } = this;
      if (state.kind === 'complete') return state.file;
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
        await this.part.write(toOctets(chunk, bytes.readableEncoding ?? 'utf8'));
        if (signal.aborted) return; // before it is asked for more, and waits for what will not come
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
    if (this.state.kind === 'failed') return; // what was abandoned may well object to that
    clearTimeout(this.abandoning);
    this.state = { kind: 'failed', error };
    this.onEnd();
    this.wake();
    this.controller.abort();
    void this.part.discard();
  }

  /** Nobody holds it any more. */
  private leave(): void {
    if (this.state.kind === 'complete') void this.part.close();
    if (this.state.kind !== 'making' || this.abandonAfterMs === Infinity) return;
    const abandon = (): void => this.fail(new SourceUnavailableError('nobody waited for what was generated'));
    this.abandoning = setTimeout(abandon, this.abandonAfterMs).unref();
  }

  /** Resolves when there is more to be known, or when the signal aborts. */
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
  if (typeof made !== 'object' || made === null || !(Symbol.asyncIterator in made)) {
    throw new TypeError(`generatedSource: generate() must give an AsyncIterable of octets, not ${typeof made}`);
  }
  return toReleasable(made);
}
