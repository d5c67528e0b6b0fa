import { createHash } from 'node:crypto';
import { types } from 'node:util';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import { checkOptions } from '../options/check-options.js';
import { entityTag } from '../content-tags/content-hash.js';
import { describeValue, has } from '../options/given-value.js';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import { refuse } from '../options/refuse.js';
import { METADATA_CHECKS, type SourceMetadata } from '../options/source-metadata.js';
import type { RangeSource, Representation } from '../source.js';
import { CompositeParts, type KnownPart, type Part } from './composite-parts.js';
import { type Piece, PieceReader } from './piece-reader.js';
import { isStrong } from './strong-tag.js';

/** A part of a composite: literal bytes, or a source. */
export type CompositePart = Uint8Array | RangeSource;

/**
 * A source made of several parts in sequence: a header before raw samples, a preamble before an encrypted file. It has a size,
 * and therefore ranges, if all of its sources have one, and a strong entity tag if all of them have one. A range opens only the
 * sources it overlaps, one at a time. It has no date, because replacing a part by an older one would not change it.
 *
 * @example
 * return new RangedFile(compositeSource([wavHeader(samples), fileSource('samples.pcm')], { type: 'audio/wav' }));
 * @param parts neither the array nor its bytes are copied: leave them unchanged as long as the source is used
 * @throws TypeError (synchronously) for a part that is neither bytes nor a source, and for unknown or invalid metadata
 */
export function compositeSource(parts: readonly CompositePart[], options: SourceMetadata = {}): RangeSource {
  if (!Array.isArray(parts)) refuse(`compositeSource: the parts must be an array, not ${describeValue(parts).what}`);
  parts.forEach(checkPart);
  checkOptions('compositeSource', options, METADATA_CHECKS);
  const composite = new Composite(parts, options);
  return {
    ...SOURCE_IS_NOT_JSON,
    resolve: (signal) => composite.resolve(signal),
    discard: () => composite.discard(),
  };
}

function checkPart(part: unknown, index: number): void {
  if (types.isUint8Array(part) || has(part, 'resolve')) return;
  const { what, instead } = describeValue(part);
  const advice = typeof part === 'string' ? 'Buffer.from(text), or fileSource(name, { root })' : instead;
  const written = advice === undefined ? '' : `: write ${advice}`;
  refuse(`compositeSource: part ${index} must be bytes or a source, not ${what}${written}`);
}

/** A part and its position in the whole. */
interface Placed {
  readonly firstPos: number;
  /** `undefined` if unknown; then the position of the next part is unknown, too. */
  readonly size: number | undefined;
  /** The literal bytes, or the index of the source. */
  readonly content: Uint8Array | number;
}

class Composite {
  private readonly sources: readonly Part[];
  private literalTags: readonly string[] | undefined;

  constructor(
    private readonly parts: readonly CompositePart[],
    private readonly metadata: SourceMetadata,
  ) {
    this.sources = parts.flatMap((part, i) =>
      isBytes(part) ? [] : [{ name: `part ${i} of a composite`, source: part }],
    );
  }

  async resolve(signal: AbortSignal): Promise<Representation> {
    const sources = new CompositeParts(this.sources);
    const known = await sources.resolve(signal);
    const { placed, size } = this.place(known);
    const isForwardOnly = known.some(({ forwardOnly }) => forwardOnly === true);
    return {
      size,
      isExact: size !== undefined,
      ...(isForwardOnly ? { forwardOnly: true } : {}),
      ...this.metadata,
      etag: this.metadata.etag ?? this.tagOf(known),
      open: (range, signal) => new PieceReader(this.piecesIn(placed, range), sources, signal),
      close: () => sources.close(),
    };
  }

  discard(): void {
    for (const { source } of this.sources) source.discard?.();
  }

  private place(known: readonly KnownPart[]): {
    readonly placed: readonly Placed[];
    readonly size: number | undefined;
  } {
    let index = 0;
    let end: number | undefined = 0;
    const placed = this.parts.map((part): Placed => {
      const content = isBytes(part) ? part : index++;
      const size = typeof content === 'number' ? known[content]?.size : content.byteLength;
      const firstPos = end ?? NaN;
      end = end === undefined || size === undefined ? undefined : end + size;
      return { firstPos, size, content };
    });
    return { placed, size: end };
  }

  private *piecesIn(placed: readonly Placed[], range: ByteRange | undefined): Generator<Piece> {
    for (const { firstPos, size, content } of placed) {
      const whole = range === undefined || size === undefined;
      const from = whole ? 0 : Math.max(range.firstPos - firstPos, 0);
      const to = whole ? (size ?? Infinity) - 1 : Math.min(range.lastPos - firstPos, size - 1);
      if (from > to) continue;
      if (typeof content !== 'number') {
        yield { kind: 'bytes', bytes: () => content.subarray(from, to + 1) };
        continue;
      }
      const isAll = from === 0 && to + 1 === (size ?? Infinity);
      yield {
        kind: 'part',
        index: content,
        name: this.sources[content]?.name ?? '',
        range: isAll ? undefined : { firstPos: from, lastPos: to },
        length: size === undefined ? undefined : to - from + 1,
      };
    }
  }

  /** `undefined` if one of the sources has no strong tag. */
  private tagOf(known: readonly KnownPart[]): string | undefined {
    if (!known.every(({ etag }) => isStrong(etag))) return undefined;
    this.literalTags ??= this.parts
      .filter(isBytes)
      .map((bytes) => createHash('sha256').update(bytes).digest('base64url'));
    const shape = this.parts.map((part) => (isBytes(part) ? part.byteLength : 'source'));
    const text = JSON.stringify([shape, this.literalTags, known.map(({ size, etag }) => [size, etag])]);
    return entityTag(createHash('sha256').update(text).digest('base64url'));
  }
}

function isBytes(part: CompositePart): part is Uint8Array {
  return types.isUint8Array(part);
}
