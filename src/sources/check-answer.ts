import { type ByteRange, rangeLength } from '../http/byte-range.js';
import { SourceChangedError, SourceProtocolError } from './source-errors.js';
import type { ObjectMetadata, StoreAnswer } from './store.js';

/**
 * Checks that an answer is the range that was asked for, of the version that is known. Stores that take no notice of
 * If-Match exist, and proxies that answer something else.
 *
 * @param name of the object, for the log
 * @throws SourceChangedError where it is of another version
 * @throws SourceProtocolError where it is another range
 */
export function checkAnswer(name: string, answer: StoreAnswer, asked: ByteRange, known: ObjectMetadata): void {
  const { contentRange, contentLength } = answer;
  if (!isSameVersion(answer, known)) throw new SourceChangedError(`${name}: the store sent another version`);
  if (contentRange !== undefined) checkContentRange(name, contentRange, asked, known.size);
  if (contentLength !== undefined && contentLength !== rangeLength(asked)) {
    throw new SourceProtocolError(`${name}: the store announced ${contentLength} octets for ${rangeField(asked)}`);
  }
}

/** By the entity tags; by the dates where there are no tags to be compared. */
function isSameVersion({ etag, lastModified }: StoreAnswer, known: ObjectMetadata): boolean {
  if (etag !== undefined && known.etag !== undefined) return etag === known.etag;
  if (lastModified === undefined || known.lastModified === undefined) return true;
  return toSeconds(lastModified) === toSeconds(known.lastModified);
}

/** A store may know parts of a second in one answer, and not in another. */
function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function checkContentRange(name: string, contentRange: string, asked: ByteRange, size: number): void {
  const answered = parseContentRange(contentRange);
  const failed = `${name}: the store answered "${contentRange}" to ${rangeField(asked)}`;
  if (answered === undefined) throw new SourceProtocolError(failed);
  if (answered.size !== size) throw new SourceChangedError(`${failed}, where it had ${size} octets before`);
  if (answered.firstPos !== asked.firstPos || answered.lastPos !== asked.lastPos) throw new SourceProtocolError(failed);
}

/** How a range is asked for: `bytes=0-99`. */
export function rangeField({ firstPos, lastPos }: ByteRange): string {
  return `bytes=${firstPos}-${lastPos}`;
}

/**
 * The entity tag that a store can be asked to match; `undefined`: none.
 *
 * @see RFC 9110 §13.1.1: a weak one matches nothing
 */
export function matchableTag({ etag }: ObjectMetadata): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? undefined : etag;
}

/** Reads `bytes first-last/complete`; `undefined` for any other form, an unknown complete length included. */
export function parseContentRange(text: string): (ByteRange & { readonly size: number }) | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/i.exec(text);
  if (match === null) return undefined;
  const [firstPos = 0, lastPos = 0, size = 0] = match.slice(1).map(Number);
  return firstPos <= lastPos && lastPos < size ? { firstPos, lastPos, size } : undefined;
}
