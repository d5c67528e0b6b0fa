import type { Type } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { RANGED_CHECKS, type RangedOptions } from '../negotiation/ranged-options.js';
import { checkRateLimit } from '../negotiation/rate-limit.js';
import { LARGEST_CHUNK } from '../sources/file/chunk-pool.js';
import {
  callback,
  checkOptions,
  type Checks,
  count,
  delay,
  flag,
  orInfinity,
  upTo,
} from '../sources/options/check-options.js';
import { refuse } from '../sources/options/refuse.js';
import type { RangeParser } from './parser/range.parser.js';

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
  | 'rateLimit'
> {
  /** `false`: no entity tags. */
  readonly etag?: false;
  /** `false`: no Last-Modified. */
  readonly lastModified?: false;
  /** How many file descriptors the process keeps open for a moment after their last use. Default: 64. */
  readonly openFiles?: number;
  /** The largest chunk read from a file at once, in bytes, for the whole process. Default and maximum: 1 MiB. */
  readonly chunkSize?: number;
  /**
   * Whether small ranges of files on local disks that were read a moment ago are read without the thread pool, in the whole
   * process. `false`: all reads go through it. Default: `true`.
   */
  readonly residentReads?: boolean;
  /** How long running transfers may continue when the app shuts down, in ms, before they are cut off. Default: 25,000. */
  readonly shutdownTimeoutMs?: number;
  /** Called when a response is cut off after its headers: the source failed, or the file changed. The error is logged as well. */
  readonly onError?: (error: unknown, response: CutResponse) => void;
}

/** A response that was cut off. */
export interface CutResponse {
  /** The request of Node.js. */
  readonly request: IncomingMessage;
  readonly method: string;
  /** The path of the request, without the query. */
  readonly path: string;
}

/** Settings of `RangeModule.forRoot` and `forRootAsync` that stand beside the options. */
export interface RangeModuleExtras {
  /** Registers the interceptor for every route; `@Ranged(false)` leaves one out. Default: `false`. */
  readonly appInterceptor?: boolean | undefined;
  /** Replaces the parser of Range headers: a class, which may inject, or an instance. */
  readonly parser?: Type<RangeParser> | RangeParser | undefined;
}

const { cacheControl, disposition, crossOriginResourcePolicy } = RANGED_CHECKS;
const { acceptRanges, maxRanges, coalesceGap, openEndedLimit, sourceTimeoutMs, rateLimit } = RANGED_CHECKS;

const MODULE_CHECKS: Checks<RangeModuleOptions> = {
  cacheControl,
  disposition,
  crossOriginResourcePolicy,
  acceptRanges,
  maxRanges,
  coalesceGap,
  openEndedLimit,
  sourceTimeoutMs,
  rateLimit,
  etag: ['false', (value) => value === false],
  lastModified: ['false', (value) => value === false],
  openFiles: count,
  chunkSize: upTo(LARGEST_CHUNK),
  residentReads: flag,
  shutdownTimeoutMs: orInfinity(delay(0)),
  onError: callback,
};

const EXTRAS_CHECKS: Checks<RangeModuleExtras> = {
  appInterceptor: flag,
  parser: ['a class or an object with a method parse()', isParser],
};

/** @throws TypeError naming an unknown or invalid option */
export function checkModuleOptions(options: RangeModuleOptions, place: string): RangeModuleOptions {
  const extras = Object.keys(EXTRAS_CHECKS);
  const misplaced = extras.find((name) => Object.hasOwn(Object(options) as object, name));
  if (misplaced !== undefined) refuse(`${place}: pass "${misplaced}" beside useFactory; the factory cannot return it`);
  checkOptions(place, options, MODULE_CHECKS, [], extras);
  checkRateLimit(place, options.rateLimit);
  return options;
}

/** @throws TypeError naming an unknown or invalid option */
export function checkModuleExtras({ appInterceptor, parser }: RangeModuleExtras, place: string): RangeModuleExtras {
  return checkOptions<RangeModuleExtras>(place, { appInterceptor, parser }, EXTRAS_CHECKS);
}

function isParser(value: unknown): boolean {
  const parser: unknown = typeof value === 'function' ? value.prototype : value;
  return typeof parser === 'object' && parser !== null && 'parse' in parser && typeof parser.parse === 'function';
}
