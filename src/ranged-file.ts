import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { readContent } from './content/read-content.js';
import { NO_STREAM } from './no-stream.js';
import { checkRangedOptions, type RangedOptions } from './range.options.js';
import { RANGED_FILE } from './range.tokens.js';
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
  private whole: Readable | undefined;

  /** @param rangedOptions stand above those of the route, the controller and the module */
  constructor(
    readonly source: RangeSource,
    readonly rangedOptions?: RangedOptions,
  ) {
    super(NO_STREAM, rangedOptions?.type === undefined ? {} : { type: rangedOptions.type });
    if (rangedOptions !== undefined) checkRangedOptions(rangedOptions, 'RangedFile');
  }

  override getStream(): Readable {
    this.whole ??= Readable.from(readWhole(this.source), { objectMode: false });
    return this.whole;
  }
}

/** Whether a value is a RangedFile, be it of the other copy of this package (ES modules beside CommonJS). */
export function isRangedFile(value: object): value is RangedFile {
  return RANGED_FILE in value;
}

async function* readWhole(source: RangeSource): Bytes {
  const { signal } = new AbortController();
  const representation = await source.resolve(signal);
  const { size } = representation;
  yield* readContent([{ kind: 'octets', range: undefined, length: size }], representation, signal);
}
