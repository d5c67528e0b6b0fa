import type { Segment } from '../http/response-plan.js';
import type { Representation } from '../sources/source.js';
import { fileWindowOf } from '../sources/file-parts.js';
import { ContentReader } from './content-reader.js';
import { readInTurn, readSideBySide } from './small-parts.js';
import type { SourceDeadline } from './source-deadline.js';

/**
 * Content of up to this many octets that is read lets go of its source, and leaves in one piece: each write of its own would cost
 * more than small parts do. More counts as in flight until it was sent.
 */
const EASILY_HELD = 64 * 1024;

/**
 * Content whose first chunk was read already: from here on a missing object or a dead upstream can no longer come as a
 * surprise before the head is sent. Whoever holds it calls `release` when the response is over.
 */
export class PrimedContent {
  private isBegun = false;
  private given = 0;
  private taken = 0;

  private constructor(
    /** `undefined`: the content is empty. */
    readonly first: Uint8Array | undefined,
    /** In octets; `undefined`: unknown. */
    readonly length: number | undefined,
    private readonly reader: ContentReader | undefined,
  ) {}

  /** No content, and nothing to release. */
  static empty(): PrimedContent {
    return new PrimedContent(undefined, 0, undefined);
  }

  /** Takes the representation over and closes it in the end, also when this fails. */
  static async read(
    content: readonly Segment[],
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
    deadline?: SourceDeadline,
  ): Promise<PrimedContent> {
    if (content.length === 0) {
      await representation.close?.();
      return PrimedContent.empty();
    }
    const isSmall = length !== undefined && length <= EASILY_HELD;
    const hasSmallParts = isSmall && content.length > 1;
    const window = hasSmallParts ? fileWindowOf(representation) : undefined;
    if (hasSmallParts && window !== undefined) {
      const first = await readSideBySide(content, length, representation, window);
      return new PrimedContent(first, length, undefined);
    }
    const reader = new ContentReader(content, representation, signal, deadline);
    const first = hasSmallParts ? await readInTurn(reader, length) : await reader.next();
    if (first === undefined || (isSmall && first.byteLength === length)) {
      await reader.release();
      return new PrimedContent(first, length, undefined);
    }
    return new PrimedContent(first, length, reader);
  }

  /** Whether the first chunk is all of it. */
  get isComplete(): boolean {
    return this.first === undefined || this.first.byteLength === this.length;
  }

  /** Whether nothing is left to be released. */
  get isReleased(): boolean {
    return this.reader === undefined;
  }

  /** How many octets were written to the response, as far as `countGiven` was told. */
  get octetsGiven(): number {
    return this.given;
  }

  /** How many of these are known to have left, as far as `countTaken` was told. */
  get octetsTaken(): number {
    return this.taken;
  }

  countGiven(octets: number): void {
    this.given += octets;
  }

  countTaken(octets: number): void {
    this.taken += octets;
  }

  /** The next chunk, beginning with the first; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.isBegun) return this.isComplete ? undefined : this.reader?.next();
    this.isBegun = true;
    return this.first;
  }

  /** Takes back the chunk that was given last, to be read again; `false` where that cannot be done. */
  takeBack(chunk: Uint8Array): boolean {
    return chunk !== this.first && this.reader?.takeBack(chunk) === true;
  }

  /** Ends the reading, and closes the representation. May be called more than once. */
  async release(): Promise<void> {
    await this.reader?.release();
  }
}
