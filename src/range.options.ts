import type { Type } from '@nestjs/common';
import { type Disposition, formatContentDisposition } from './http/content-disposition.js';
import { parseEntityTag } from './http/entity-tag.js';
import type { IncomingMessage } from 'node:http';
import type { SelectionPolicy } from './http/select-ranges.js';
import type { RangeParser } from './range.parser.js';
import {
  callback,
  checkOptions,
  type Checks,
  count,
  delay,
  fieldText,
  flag,
  oneOf,
  orInfinity,
  positive,
} from './sources/check-options.js';

/** How one file, one route or one controller is served. What is left out comes from the next wider place. */
export interface RangedOptions {
  /** Media type. Default: what the source says, by the file's name for `fileSource`. */
  readonly type?: string;
  /** File name for Content-Disposition, any Unicode; a name without `disposition` is an attachment. */
  readonly filename?: string;
  /** Whether a browser shows the content or saves it. */
  readonly disposition?: Disposition;
  /** Cache-Control of the 200, 206 and 304; `no-transform` is added to it. */
  readonly cacheControl?: string;
  /** Entity tag with its quotes, or `false` for none. Default: the source's. */
  readonly etag?: string | false;
  /** Last-Modified, or `false` for none. Default: the source's. */
  readonly lastModified?: Date | false;
  /** Cross-Origin-Resource-Policy: which pages may embed the content. It wins over what a middleware has set. */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin';
  /** `false`: ranges are refused (`Accept-Ranges: none`). Default: `true`. */
  readonly acceptRanges?: boolean;
  /** More ranges than this in one request, after merging, are answered with all of it. Default: 10. */
  readonly maxRanges?: number;
  /** Ranges with at most this many octets between them are sent as one. Default: 80. */
  readonly coalesceGap?: number;
  /** The longest answer to a range without an end (`bytes=0-`), in octets. Default: to the end of the file. */
  readonly openEndedLimit?: number;
  /**
   * The longest wait for a source's first octets, and then for each further chunk, in ms; `0`: as long as the client
   * waits. Files, and sources that ignore their signal, are waited for. Default: 120,000.
   */
  readonly sourceTimeoutMs?: number;
}

/** Options for the whole app. */
export interface RangeModuleOptions extends Pick<
  RangedOptions,
  | 'cacheControl'
  | 'disposition'
  | 'crossOriginResourcePolicy'
  | 'acceptRanges'
  | 'maxRanges'
  | 'coalesceGap'
  | 'openEndedLimit'
  | 'sourceTimeoutMs'
> {
  /** `false`: no entity tags. */
  readonly etag?: false;
  /** `false`: no Last-Modified. */
  readonly lastModified?: false;
  /** How many descriptors of files may stay open for a moment after a request, in the whole process. Default: 64. */
  readonly openFiles?: number;
  /** How many octets of a file are read at once at the most, in the whole process. Default: 1 MiB. */
  readonly chunkSize?: number;
  /** How long transfers may go on when the app is closed, in ms, before they are cut off. Default: 25,000. */
  readonly shutdownTimeoutMs?: number;
  /** Told of what cut a response off after its head: a source that broke off, a file that changed. It is logged, too. */
  readonly onError?: (error: unknown, response: CutResponse) => void;
}

/** A response that was cut off. */
export interface CutResponse {
  /** That of Node.js. */
  readonly request: IncomingMessage;
  readonly method: string;
  /** Of the request, without its query. */
  readonly path: string;
}

/** What `RangeModule.forRoot` and `forRootAsync` take beside the options. */
export interface RangeModuleExtras {
  /** Registers the interceptor for every route; `@Ranged(false)` leaves one out. Default: `false`. */
  readonly appInterceptor?: boolean | undefined;
  /** Replaces the parser of Range fields: a class, which may inject, or an instance. */
  readonly parser?: Type<RangeParser> | RangeParser | undefined;
}

/** The options of all places merged, as the responder uses them. */
export interface ServingOptions
  extends
    SelectionPolicy,
    Pick<RangedOptions, 'type' | 'etag' | 'lastModified' | 'cacheControl' | 'crossOriginResourcePolicy'> {
  readonly acceptRanges: boolean;
  readonly sourceTimeoutMs: number;
  readonly contentDisposition: string | undefined;
}

const DEFAULTS = { acceptRanges: true, maxRanges: 10, coalesceGap: 80, sourceTimeoutMs: 120_000 };

/** Merges options, the wider places first; a later one wins. */
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
    ...DEFAULTS,
    ...others,
    contentDisposition: isNamed ? formatContentDisposition(disposition, filename) : undefined,
  };
}

const RANGED_CHECKS: Checks<RangedOptions> = {
  type: fieldText,
  filename: ['a name', (value) => typeof value === 'string' && value !== ''],
  disposition: oneOf('inline', 'attachment'),
  cacheControl: fieldText,
  crossOriginResourcePolicy: oneOf('same-origin', 'same-site', 'cross-origin'),
  etag: [`an entity tag with its quotes, such as '"v1"' or 'W/"v1"', or false`, isEtagOption],
  lastModified: ['a valid Date or false', (value) => value === false || isValidDate(value)],
  acceptRanges: flag,
  maxRanges: positive,
  coalesceGap: count,
  openEndedLimit: positive,
  sourceTimeoutMs: delay(0),
};

const { cacheControl, disposition, crossOriginResourcePolicy } = RANGED_CHECKS;
const { acceptRanges, maxRanges, coalesceGap, openEndedLimit, sourceTimeoutMs } = RANGED_CHECKS;

const MODULE_CHECKS: Checks<RangeModuleOptions> = {
  cacheControl,
  disposition,
  crossOriginResourcePolicy,
  acceptRanges,
  maxRanges,
  coalesceGap,
  openEndedLimit,
  sourceTimeoutMs,
  etag: ['false', (value) => value === false],
  lastModified: ['false', (value) => value === false],
  openFiles: count,
  chunkSize: positive,
  shutdownTimeoutMs: orInfinity(delay(0)),
  onError: callback,
};

const EXTRAS_CHECKS: Checks<RangeModuleExtras> = {
  appInterceptor: flag,
  parser: ['a class or an object with a method parse()', isParser],
};

/** @throws TypeError that names the option which is unknown or impossible */
export function checkRangedOptions(options: RangedOptions, place: string): RangedOptions {
  return checkOptions(place, options, RANGED_CHECKS);
}

/** @throws TypeError that names the option which is unknown or impossible */
export function checkModuleOptions(options: RangeModuleOptions, place: string): RangeModuleOptions {
  return checkOptions(place, options, MODULE_CHECKS);
}

/** @throws TypeError that names the option which is unknown or impossible */
export function checkModuleExtras({ appInterceptor, parser }: RangeModuleExtras, place: string): RangeModuleExtras {
  return checkOptions<RangeModuleExtras>(place, { appInterceptor, parser }, EXTRAS_CHECKS);
}

function isParser(value: unknown): boolean {
  const parser: unknown = typeof value === 'function' ? value.prototype : value;
  return typeof parser === 'object' && parser !== null && 'parse' in parser && typeof parser.parse === 'function';
}

function isEtagOption(value: unknown): boolean {
  return value === false || (typeof value === 'string' && parseEntityTag(value) !== undefined);
}

function isValidDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}
