import type { Segment } from '../http/response-plan.js';
import type { Representation } from '../sources/source.js';
import { readContent } from './read-content.js';

/**
 * Content whose first chunk was read already: from here on a missing object or a dead upstream can no longer come as a
 * surprise before the head is sent. Whoever holds it calls `release` when the response is over.
 */
export class PrimedContent {
  private isBegun = false;

  private constructor(
    /** `undefined`: the content is empty. */
    readonly first: Uint8Array | undefined,
    /** In octets; `undefined`: unknown. */
    readonly length: number | undefined,
    private readonly rest: AsyncGenerator<Uint8Array, void, undefined>,
  ) {}

  /** No content, and nothing to release. */
  static empty(): PrimedContent {
    return new PrimedContent(undefined, 0, (async function* () {})());
  }

  /** Takes the representation over and closes it in the end, also when this fails. */
  static async read(
    content: readonly Segment[],
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
  ): Promise<PrimedContent> {
    if (content.length === 0) {
      await representation.close?.();
      return PrimedContent.empty();
    }
    const chunks = readContent(content, representation, signal);
    const first = await chunks.next();
    return new PrimedContent(first.done === true ? undefined : first.value, length, chunks);
  }

  /** Whether the first chunk is all of it. */
  get isComplete(): boolean {
    return this.first === undefined || this.first.byteLength === this.length;
  }

  /** The next chunk, beginning with the first; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (!this.isBegun) {
      this.isBegun = true;
      return this.first;
    }
    if (this.isComplete) return undefined;
    const result = await this.rest.next();
    return result.done === true ? undefined : result.value;
  }

  /** Ends the reading, and closes the representation. May be called more than once. */
  async release(): Promise<void> {
    await this.rest.return();
  }
}
