import { type Disposition, formatContentDisposition } from '../http/headers/content-disposition.js';
import type { SelectionPolicy } from '../http/ranges/select-ranges.js';
import {
  checkOptions,
  type Checks,
  count,
  date,
  delay,
  entityTag,
  headerText,
  flag,
  oneOf,
  orFalse,
  positive,
} from '../sources/options/check-options.js';
import { checkRateLimit, type RateLimit } from './rate-limit.js';

/** With its quotes: `"v1"` is strong, `W/"v1"` weak. */
export type EntityTag = `"${string}"` | `W/"${string}"`;

/** How a file, a route or a controller is served. Options that are left out are inherited: file, method, class, module. */
export interface RangedOptions {
  /** Media type. Default: the source's; `fileSource` knows it by the file name. */
  readonly type?: string;
  /** File name for Content-Disposition, any Unicode; a name without `disposition` is an attachment. */
  readonly filename?: string;
  /** Whether a browser shows the content or saves it. */
  readonly disposition?: Disposition;
  /** Cache-Control of the 200, 206 and 304; `no-transform` is added to it. */
  readonly cacheControl?: string;
  /** Entity tag with its quotes, or `false` for none. Default: the source's. */
  readonly etag?: EntityTag | false;
  /** Last-Modified, or `false` for none. Default: the source's. */
  readonly lastModified?: Date | false;
  /** Cross-Origin-Resource-Policy: which pages may embed the content. It overrides the header of a middleware. */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin';
  /** `false`: serve no ranges (`Accept-Ranges: none`). Default: `true`. */
  readonly acceptRanges?: boolean;
  /** If a request has more ranges than this after merging, the whole file is sent. Default: 50. */
  readonly maxRanges?: number;
  /** Ranges at most this many bytes apart are sent as one. Default: 80. */
  readonly coalesceGap?: number;
  /**
   * The longest response to a range without an end (`bytes=0-`), in bytes. Only for clients that you control: curl, wget and
   * ffmpeg take the short response for the end of the file. Default: to the end of the file.
   */
  readonly openEndedLimit?: number;
  /**
   * How long to wait for the source's first bytes, and then for each further chunk, in ms; `0`: as long as the client waits.
   * It does not apply to files and to sources that ignore their signal. Default: 120,000.
   */
  readonly sourceTimeoutMs?: number;
  /** How fast the content is sent, or `false` for as fast as the client takes it. Default: `false`. */
  readonly rateLimit?: RateLimit | false;
}

/** All options merged, as the responder uses them. */
export interface ServingOptions
  extends
    SelectionPolicy,
    Pick<RangedOptions, 'type' | 'etag' | 'lastModified' | 'cacheControl' | 'crossOriginResourcePolicy' | 'rateLimit'> {
  readonly acceptRanges: boolean;
  readonly sourceTimeoutMs: number;
  readonly contentDisposition: string | undefined;
}

const DEFAULTS = { acceptRanges: true, maxRanges: 50, coalesceGap: 80, sourceTimeoutMs: 120_000 };

/** Merges options; later ones win. */
export function mergeOptions(...places: readonly (RangedOptions | undefined)[]): RangedOptions {
  const merged: Record<string, unknown> = {};
  for (const place of places) {
    for (const [name, value] of Object.entries(place ?? {})) {
      if (value !== undefined) merged[name] = value;
    }
  }
  return merged;
}

export function toServingOptions(options: RangedOptions): ServingOptions {
  const { filename, disposition, ...others } = options;
  const isNamed = filename !== undefined || disposition !== undefined;
  return {
    contentDisposition: isNamed ? formatContentDisposition(disposition, filename) : undefined,
    ...DEFAULTS,
    ...others,
  };
}

export const RANGED_CHECKS: Checks<RangedOptions> = {
  type: headerText,
  filename: ['a name', (value) => typeof value === 'string' && value !== ''],
  disposition: oneOf('inline', 'attachment'),
  cacheControl: headerText,
  crossOriginResourcePolicy: oneOf('same-origin', 'same-site', 'cross-origin'),
  etag: orFalse(entityTag),
  lastModified: orFalse(date),
  acceptRanges: flag,
  maxRanges: positive,
  coalesceGap: count,
  openEndedLimit: positive,
  sourceTimeoutMs: delay(0),
  rateLimit: orFalse(['an object with bytesPerSecond', (value) => typeof value === 'object' && value !== null]),
};

/** @throws TypeError naming an unknown or invalid option */
export function checkRangedOptions(options: RangedOptions, place: string): RangedOptions {
  checkOptions(place, options, RANGED_CHECKS);
  checkRateLimit(place, options.rateLimit);
  return options;
}
