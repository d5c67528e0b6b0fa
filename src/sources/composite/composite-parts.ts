import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { RepresentationMetadata } from '../../http/representation.js';
import { adviceOnSize, count, describe } from '../options/check-options.js';
import { SourceChangedError, SourceFaultError } from '../source-errors.js';
import type { Bytes, RangeSource, Representation } from '../source.js';
import { responseOf } from '../stream/waiting-response.js';

/** A source that is a part of a composite, with the metadata that the app knows. */
export interface Part {
  /** Names the part in messages. */
  readonly name: string;
  readonly source: RangeSource;
  /** In bytes. If it is known, the source is not resolved before it is read. */
  readonly size?: number | undefined;
  /** The source's own entity tag, with its quotes. */
  readonly etag?: string | undefined;
}

/** The metadata of a part that is known before it is read. */
export interface KnownPart extends Pick<RepresentationMetadata, 'size' | 'etag' | 'lastModified' | 'forwardOnly'> {
  /** Whether it comes from the source, not from the app. */
  readonly isResolved: boolean;
}

export interface OpenedPart {
  readonly bytes: Bytes;
  /** Whether the source never yields more than the requested range. */
  readonly isExact: boolean;
}

/** How many sources are resolved concurrently. */
const AT_ONCE = 8;

/** Up to this many parts stay open from being resolved until they are read; more would keep descriptors waiting. */
const FEW = 4;

/** How many streams stay open, since they cannot be opened again. */
const MOST_STREAMS = 64;

/**
 * The parts of a composite during one response. Each is resolved for its metadata, closed, and resolved again when it is read,
 * one at a time, so that few are open however many there are.
 */
export class CompositeParts {
  private readonly held = new Map<number, Representation>();
  /** The sources that were resolved; the others are discarded in the end. */
  private readonly resolved = new Set<number>();
  private reading: { readonly index: number; readonly representation: Representation } | undefined;
  private isClosed = false;

  /** @param known the parts' metadata, if they were resolved before */
  constructor(
    private readonly parts: readonly Part[],
    private known: readonly KnownPart[] = [],
  ) {}

  /**
   * Resolves the parts whose size the app does not know. Call `close` afterwards, unless this rejects.
   *
   * @throws the error of the first source that fails
   */
  async resolve(signal: AbortSignal): Promise<readonly KnownPart[]> {
    const known: KnownPart[] = this.parts.map(({ size, etag }) => ({ size, etag, isResolved: false }));
    let next = 0;
    const resolveNext = async (): Promise<void> => {
      for (let index = next++; index < this.parts.length; index = next++) {
        const part = this.parts[index];
        if (part?.size !== undefined || part === undefined) continue;
        if (this.isClosed) return;
        known[index] = await this.look(index, part, signal);
        responseOf(signal)?.noteProgress();
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, resolveNext));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.known = known;
    return known;
  }

  /**
   * Opens a range of a part, positions inclusive; `undefined`: all of it.
   *
   * @throws SourceChangedError if the part differs from what was resolved, or from what the app said
   */
  async open(index: number, range: ByteRange | undefined, signal: AbortSignal): Promise<OpenedPart> {
    const representation = this.held.get(index) ?? (await this.resolveAgain(index, signal));
    return { bytes: await representation.open(range, signal), isExact: representation.isExact === true };
  }

  /** Closes open parts and discards those never resolved. May be called more than once. */
  async close(): Promise<void> {
    if (!this.isClosed) this.discardUnresolved();
    this.isClosed = true;
    const open = [...this.held.values()];
    if (this.reading !== undefined) open.push(this.reading.representation);
    this.held.clear();
    this.reading = undefined;
    const results = await Promise.allSettled(open.map(async (representation) => representation.close?.()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private discardUnresolved(): void {
    for (const [index, { source }] of this.parts.entries()) {
      if (source.discard !== undefined && !this.resolved.has(index)) source.discard();
    }
  }

  private async look(index: number, part: Part, signal: AbortSignal): Promise<KnownPart> {
    this.resolved.add(index);
    const representation = await resolveSized(part, signal);
    const { size, etag, lastModified, forwardOnly } = representation;
    if (this.isKept(representation)) this.held.set(index, representation);
    else await representation.close?.();
    if (size !== undefined && !count[1](size)) {
      throw new SourceFaultError(`${part.name} has the size ${describe(size)}, not ${count[0]}${adviceOnSize(size)}`);
    }
    const known = { size, etag: etag ?? part.etag, lastModified, forwardOnly, isResolved: etag !== undefined };
    checkUnchanged(part, { ...part, isResolved: false }, representation);
    return known;
  }

  private isKept(representation: Representation): boolean {
    if (this.isClosed) return false;
    if (representation.close === undefined || this.parts.length <= FEW) return true;
    return representation.forwardOnly === true && this.held.size < MOST_STREAMS;
  }

  /** Keeps the last part open, since the ranges of a response often lie in one part. */
  private async resolveAgain(index: number, signal: AbortSignal): Promise<Representation> {
    if (this.reading?.index === index) return this.reading.representation;
    const last = this.reading?.representation;
    this.reading = undefined;
    await last?.close?.();
    const part = this.parts[index];
    if (part === undefined) throw new RangeError(`there is no part ${index}`);
    this.resolved.add(index);
    const representation = await resolveSized(part, signal);
    this.reading = { index, representation };
    checkUnchanged(part, this.known[index], representation);
    return representation;
  }
}

/** Resolves a source and waits for its size. */
async function resolveSized({ name, source }: Part, signal: AbortSignal): Promise<Representation> {
  const representation = await source.resolve(signal);
  if (typeof representation?.open !== 'function') {
    throw new SourceFaultError(
      `resolve() of the source of ${name} returned no representation: return an object with open(), or throw a source error`,
    );
  }
  if (representation.whenSized === undefined) return representation;
  try {
    return await representation.whenSized(signal);
  } finally {
    await representation.close?.();
  }
}

/** A tag given by the app does not count if the source has none. A source that has lost its tag has changed. */
function checkUnchanged({ name }: Part, known: KnownPart | undefined, { size, etag }: Representation): void {
  if (known?.size !== undefined && size !== undefined && size !== known.size) {
    throw new SourceChangedError(`${name} has ${size} bytes, but had ${known.size}`);
  }
  if (known?.etag === undefined || etag === known.etag || (etag === undefined && !known.isResolved)) return;
  throw new SourceChangedError(`${name} has the entity tag ${etag}, but had ${known.etag}`);
}
