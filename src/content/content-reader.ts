import type { Segment } from '../http/response-plan.js';
import type { Representation } from '../sources/source.js';
import { ExactOctets } from './exact-octets.js';
import type { SourceDeadline } from './source-deadline.js';

/**
 * Carries out the content of a response plan: its segments in order, each exactly as long as planned. It owns the
 * representation and closes it once, at the end, after an error, or when it is released.
 */
export class ContentReader {
  private segment = 0;
  private octets: ExactOctets | undefined;
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
   * @throws SourceLengthError where the source gives fewer or more octets than its metadata promised
   * @throws SourceTimeoutError where it gives none in time
   */
  next(): Promise<Uint8Array | undefined> {
    this.reading = this.read();
    return this.deadline === undefined ? this.reading : this.deadline.within(this.reading);
  }

  /** Takes back the chunk that was given last, to be read again; `false` where that cannot be done. */
  takeBack(chunk: Uint8Array): boolean {
    return this.releasing === undefined && this.octets?.takeBack(chunk) === true;
  }

  /** Ends the reading. May be called at any time, and more than once. */
  release(): Promise<void> {
    this.releasing ??= this.closeAfterReading();
    return this.releasing;
  }

  private async closeAfterReading(): Promise<void> {
    await this.reading?.catch(() => {}); // whoever reads was told; what is under way needs its descriptor
    await this.close();
  }

  private async read(): Promise<Uint8Array | undefined> {
    try {
      while (this.releasing === undefined) {
        const chunk = this.octets === undefined ? undefined : await this.octets.next();
        if (chunk !== undefined) return chunk;
        await this.octets?.end();
        this.octets = undefined;
        const segment = this.content[this.segment++];
        if (segment === undefined) break;
        if (segment.kind === 'text') return Buffer.from(segment.text, 'latin1');
        this.octets = await ExactOctets.open(segment.range, segment.length, this.representation, this.signal);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    await this.close();
    return undefined;
  }

  private close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    try {
      await this.octets?.end();
    } finally {
      await this.representation.close?.();
    }
  }
}
