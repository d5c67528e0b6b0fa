import type { Segment } from '../http/response-plan.js';
import { type FileWindow, fileWindowOf } from '../sources/file/file-parts.js';
import { noteRead, readResident } from '../sources/file/resident-read.js';
import type { Representation } from '../sources/source.js';
import type { Content } from './content.js';
import { ContentReader } from './content-reader.js';
import { readInTurn, readSideBySide } from './small-parts.js';
import type { SourceDeadline } from './source-deadline.js';

/**
 * Content of up to this many bytes is read completely, releases its source at once, and is sent in one write: a write for
 * each part would cost more than copying. Longer content counts as in flight until it was sent.
 */
export const SMALL_CONTENT = 64 * 1024;

/**
 * Content whose first chunk has been read, so that a missing object or a dead upstream is known before the head is sent.
 * The owner calls `release` when the response has finished.
 */
export class PrimedContent implements Content {
  /** Whether the source is being released already, because all content is in memory. */
  isReleasing = false;
  private isBegun = false;
  private written = 0;
  private flushed = 0;

  private constructor(
    /** `undefined`: the content is empty. */
    readonly first: Uint8Array | undefined,
    /** In bytes; `undefined`: unknown. */
    readonly length: number | undefined,
    private readonly reader: ContentReader | undefined,
  ) {}

  /** No content, and nothing to release. */
  static empty(): PrimedContent {
    return new PrimedContent(undefined, 0, undefined);
  }

  /**
   * Reads the first chunk, at once if there is nothing to wait for: then there is nothing left to release. Takes ownership of
   * the representation and closes it, also if this fails.
   */
  static read(
    content: readonly Segment[],
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
    deadline?: SourceDeadline,
  ): PrimedContent | Promise<PrimedContent> {
    const window = ownWindowOf(representation);
    const first = window === undefined ? undefined : readOnly(content, window);
    if (window === undefined || (first === undefined && content.length > 0))
      return PrimedContent.readLater(content, length, representation, signal, deadline);
    window.close();
    return first === undefined ? PrimedContent.empty() : new PrimedContent(first, length, undefined);
  }

  private static async readLater(
    content: readonly Segment[],
    length: number | undefined,
    representation: Representation,
    signal: AbortSignal,
    deadline?: SourceDeadline,
  ): Promise<PrimedContent> {
    const reader = new ContentReader(content, representation, signal, deadline);
    if (content.length === 0) return new PrimedContent(undefined, 0, reader).startRelease();
    const isSmall = length !== undefined && length <= SMALL_CONTENT;
    const hasSmallParts = isSmall && content.length > 1;
    const window = hasSmallParts ? fileWindowOf(representation) : undefined;
    if (hasSmallParts && window !== undefined) {
      const first = await readSideBySide(content, length, representation, window);
      return new PrimedContent(first, length, undefined);
    }
    const first = hasSmallParts ? await readInTurn(reader, length) : await reader.next();
    if (isSmall) noteParts(content, fileWindowOf(representation));
    const primed = new PrimedContent(first, length, reader);
    return first === undefined || (isSmall && first.byteLength === length) ? primed.startRelease() : primed;
  }

  /** Starts the release without waiting for it; `release` reports how it ends. */
  private startRelease(): this {
    this.isReleasing = true;
    this.reader?.release().catch(() => {});
    return this;
  }

  /** Whether the first chunk is all of the content. */
  get isComplete(): boolean {
    return this.first === undefined || this.first.byteLength === this.length;
  }

  /** Whether there is nothing to release. */
  get isReleased(): boolean {
    return this.reader === undefined;
  }

  /** Bytes written to the response. */
  get bytesWritten(): number {
    return this.written;
  }

  /** Bytes known to have been handed to the kernel. */
  get bytesFlushed(): number {
    return this.flushed;
  }

  countWritten(bytes: number): void {
    this.written += bytes;
  }

  countFlushed(bytes: number): void {
    this.flushed += bytes;
  }

  takeFirst(): Uint8Array | undefined {
    if (this.isBegun) return undefined;
    this.isBegun = this.first !== undefined;
    return this.first;
  }

  /** The next chunk, beginning with the first; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.isBegun) return this.isComplete ? undefined : this.reader?.next();
    this.isBegun = true;
    return this.first;
  }

  /** Puts the last chunk back, to be read again; `false` if that is impossible. */
  unread(chunk: Uint8Array): boolean {
    return chunk !== this.first && this.reader?.unread(chunk) === true;
  }

  /** Stops reading and closes the representation. May be called repeatedly. */
  async release(): Promise<void> {
    await this.reader?.release();
  }
}

/** The window of a file that nobody has wrapped. */
function ownWindowOf(representation: Representation): FileWindow | undefined {
  const window = fileWindowOf(representation);
  return window?.close === representation.close ? window : undefined;
}

/** The content, if it is one part that is in memory. */
function readOnly([segment, second]: readonly Segment[], window: FileWindow): Uint8Array | undefined {
  return segment?.kind === 'bytes' && second === undefined ? readResident(window, segment.range) : undefined;
}

function noteParts(content: readonly Segment[], window: FileWindow | undefined): void {
  if (window === undefined) return;
  for (const segment of content) if (segment.kind === 'bytes') noteRead(window, segment.range);
}
