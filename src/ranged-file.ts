import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { ContentReader } from './content/content-reader.js';
import { NO_STREAM } from './no-stream.js';
import { checkRangedOptions, type RangedOptions } from './range.options.js';
import { RANGED_FILE, RANGED_RESPONSE } from './range.tokens.js';
import { type Answer, commitHeaders, ignoreError, streamOf } from './ranged-response.js';
import type { Bytes, RangeSource } from './sources/source.js';

/**
 * A file that a handler returns and that is opened only when the response needs it, and then only the octets it needs.
 * Where no interceptor runs it is still a StreamableFile: sent whole, and opened at the first read.
 *
 * @example
 * return new RangedFile(fileSource(name, { root: MEDIA }), { disposition: 'inline' });
 */
export class RangedFile extends StreamableFile {
  /** @internal */
  readonly [RANGED_FILE] = true;
  /** @internal The answer that it carries instead of its own content. */
  [RANGED_RESPONSE]: Answer | undefined;
  /** @internal How many were made when this one was. */
  readonly serial = ++made;
  private whole: Readable | undefined;

  /**
   * @param rangedOptions stand above those of the route, the controller and the module
   * @throws TypeError for what is no source, and for an unknown or impossible option
   */
  constructor(
    readonly source: RangeSource,
    readonly rangedOptions?: RangedOptions,
  ) {
    super(NO_STREAM, rangedOptions?.type === undefined ? {} : { type: rangedOptions.type });
    if (typeof source?.resolve !== 'function') throw new TypeError(NO_SOURCE);
    if (rangedOptions !== undefined) checkRangedOptions(rangedOptions, 'RangedFile');
  }

  /**
   * Carries an answer through Nest, until the adapter takes it: what is left of a file that was replaced by another, Nest
   * would watch to the end of the response. Only for a file that nobody else may be about to send.
   *
   * @internal
   */
  carry(answer: Answer): this {
    this[RANGED_RESPONSE] = answer;
    this.setErrorLogger(ignoreError);
    return this;
  }

  override getHeaders(): ReturnType<StreamableFile['getHeaders']> {
    const answer = this[RANGED_RESPONSE];
    if (answer === undefined) return super.getHeaders();
    queueMicrotask(() => (this[RANGED_RESPONSE] = undefined)); // adapters take both at once
    return commitHeaders(answer);
  }

  override getStream(): Readable {
    const answer = this[RANGED_RESPONSE];
    if (answer !== undefined) return answer.exchange.isClosed ? spentStream() : streamOf(answer);
    // A file that is kept, and was answered by an interceptor, has had its stream destroyed by Nest.
    if (this.whole === undefined || this.whole.destroyed) {
      this.whole = Readable.from(readWhole(this.source), { objectMode: false });
    }
    return this.whole;
  }
}

const NO_SOURCE =
  'RangedFile: no source was given; wrap a path in fileSource(), octets in bytesSource(), a stream in streamSource()';

/** For a file whose answer nobody has taken before its response was over. */
function spentStream(): Readable {
  const stream = new Readable().on('error', ignoreError);
  return stream.destroy(new TypeError('This RangedFile was for a response that is over; return a fresh one'));
}

let made = 0;

/** How many files were made so far. What a handler returns with a higher number is nobody else's. */
export function rangedFilesMade(): number {
  return made;
}

/** Whether a value is a RangedFile, be it of the other copy of this package (ES modules beside CommonJS). */
export function isRangedFile(value: object): value is RangedFile {
  return RANGED_FILE in value;
}

async function* readWhole(source: RangeSource): Bytes {
  const { signal } = new AbortController();
  const representation = await source.resolve(signal);
  const { size } = representation;
  const reader = new ContentReader([{ kind: 'octets', range: undefined, length: size }], representation, signal);
  try {
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk;
  } finally {
    await reader.release();
  }
}
