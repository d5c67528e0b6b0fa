import { type ByteRange, rangeLength } from '../../http/ranges/byte-range.js';
import { SourceChangedError, SourceProtocolError } from '../source-errors.js';
import type { ObjectMetadata, StoreAnswer } from './store.js';

/**
 * Checks that a response contains the requested range of the known version. Some stores ignore If-Match, and some proxies
 * send something else.
 *
 * @param name name of the object, for the log
 * @throws SourceChangedError if it is another version
 * @throws SourceProtocolError if it is another range
 */
export function checkAnswer(name: string, answer: StoreAnswer, asked: ByteRange, known: ObjectMetadata): void {
  const { contentRange, contentLength } = answer;
  if (!isSameVersion(answer, known)) throw new SourceChangedError(`${name}: the store sent another version`);
  if (contentRange !== undefined) checkContentRange(name, contentRange, asked, known.size);
  if (contentLength !== undefined && contentLength !== rangeLength(asked)) {
    throw new SourceProtocolError(`${name}: the store declared ${contentLength} bytes for ${rangeHeader(asked)}`);
  }
}

/** Compares entity tags, or dates if a tag is missing. */
function isSameVersion({ etag, lastModified }: StoreAnswer, known: ObjectMetadata): boolean {
  if (etag !== undefined && known.etag !== undefined) return etag === known.etag;
  if (lastModified === undefined || known.lastModified === undefined) return true;
  return Number.isNaN(lastModified.getTime()) || toSeconds(lastModified) === toSeconds(known.lastModified);
}

/** A store may include fractions of a second in one response, and not in another. */
function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function checkContentRange(name: string, contentRange: string, asked: ByteRange, size: number): void {
  const answered = parseContentRange(contentRange);
  const failed = `${name}: the store sent "${contentRange}" for ${rangeHeader(asked)}`;
  if (answered === undefined) throw new SourceProtocolError(failed);
  if (answered.size !== undefined && answered.size !== size) {
    throw new SourceChangedError(`${failed}, but it had ${size} bytes before`);
  }
  if (answered.firstPos !== asked.firstPos || answered.lastPos !== asked.lastPos) throw new SourceProtocolError(failed);
}

/** The Range header for a range: `bytes=0-99`. */
export function rangeHeader({ firstPos, lastPos }: ByteRange): string {
  return `bytes=${firstPos}-${lastPos}`;
}

/**
 * The entity tag for If-Match; `undefined`: none, since a weak one never matches.
 *
 * @see RFC 9110 §13.1.1
 */
export function matchableTag({ etag }: ObjectMetadata): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? undefined : etag;
}

/** Parses `bytes first-last/complete`, without `size` if the complete length is `*`; `undefined` for any other form. */
export function parseContentRange(text: string): (ByteRange & { readonly size: number | undefined }) | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(text);
  if (match === null) return undefined;
  const [firstPos = 0, lastPos = 0] = match.slice(1, 3).map(Number);
  const size = match[3] === '*' ? undefined : Number(match[3]);
  const isOrdered = firstPos <= lastPos && lastPos < (size ?? Infinity);
  return isOrdered && Number.isSafeInteger(size ?? lastPos) ? { firstPos, lastPos, size } : undefined;
}
