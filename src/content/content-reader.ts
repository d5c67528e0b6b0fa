import type { Segment } from '../http/response-plan.js';
import type { Representation } from '../sources/source.js';
import { ExactBytes } from './exact-length.js';
import type { SourceDeadline } from './source-deadline.js';

/**
 * Reads the content of a response plan: its segments in order, each exactly as long as planned. Owns the representation
 * and closes it once: at the end, after an error, or on `release`.
 */
export class ContentReader {
  private segment = 0;
  private bytes: ExactBytes | undefined;
  private reading: Promise<Uint8Array | undefined> | undefined;
  private releasing: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly content: readonly Segment[],
    private readonly representation: Representation,
    private readonly signal: AbortSignal,
    private readonly deadline?: SourceDeadline,
  ) {}

  /**
   * The next chunk; `undefined` at the end. One call at a time.
   *
   * @throws SourceLengthError if the source yields fewer or more bytes than its metadata says
   * @throws SourceTimeoutError if the source yields nothing in time
   */
  next(): Promise<Uint8Array | undefined> {
    this.reading = this.read();
    return this.deadline === undefined ? this.reading : this.deadline.within(this.reading);
  }

  /** Puts the last chunk back, to be read again; `false` if that is impossible. */
  unread(chunk: Uint8Array): boolean {
    return this.releasing === undefined && this.bytes?.unread(chunk) === true;
  }

  /** Stops reading and closes the representation. May be called at any time, and repeatedly. */
  release(): Promise<void> {
    this.releasing ??= this.closeAfterReading();
    return this.releasing;
  }

  private async closeAfterReading(): Promise<void> {
    await this.reading?.catch(() => {}); // reported by next(); a read in progress still needs its descriptor
    await this.close();
  }

  private async read(): Promise<Uint8Array | undefined> {
    try {
      while (this.releasing === undefined) {
        const chunk = this.bytes === undefined ? undefined : await this.bytes.next();
        if (chunk !== undefined) return chunk;
        await this.bytes?.end();
        this.bytes = undefined;
        const segment = this.content[this.segment++];
        if (segment === undefined) break;
        if (segment.kind === 'text') return Buffer.from(segment.text, 'latin1');
        this.bytes = await ExactBytes.open(segment.range, segment.length, this.representation, this.signal);
      }
    } catch (error) {
      this.closeSoon();
      throw error;
    }
    this.closeSoon();
    return undefined;
  }

  /** Does not wait for the close, nor report its failure: `release` does both. */
  private closeSoon(): void {
    this.close().catch(() => {});
  }

  private close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    try {
      await this.bytes?.end();
    } finally {
      await this.representation.close?.();
    }
  }
}
