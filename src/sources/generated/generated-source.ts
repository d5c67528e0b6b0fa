import { resolve } from 'node:path';
import { SOURCE_IS_NOT_JSON } from '../not-json.js';
import {
  callback,
  type Checks,
  checkOptions,
  delay,
  directory,
  headerText,
  orInfinity,
  positive,
} from '../options/check-options.js';
import type { Bytes, RangeSource } from '../source.js';
import { generationsIn } from './generations.js';
import { contentName } from './spool-names.js';

export interface GeneratedSourceOptions {
  /** Identifies the content within `dir`: everything it is generated from. Any string; it is hashed, not used as a path. */
  readonly key: string;
  /**
   * Generates the bytes: a generator, a Node.js `Readable` or a web stream. Called if they are not in the spool. `signal`
   * aborts when they are no longer needed.
   */
  readonly generate: (signal: AbortSignal) => Bytes | Promise<Bytes>;
  /** Media type. */
  readonly type?: string | undefined;
  /** A directory used for nothing else; created if it does not exist. Its content survives a restart. */
  readonly dir: string;
  /** The most bytes in `dir`; the least recently used content is removed first. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** How long content is served before it is generated again, in ms. Default: Infinity. */
  readonly ttlMs?: number | undefined;
  /**
   * How long a generation continues without readers, in ms; Infinity: to its end. Default: 5,000, so that a player can come
   * back for another part.
   */
  readonly abandonAfterMs?: number | undefined;
}

const DEFAULTS = { maxBytes: 1024 ** 3, ttlMs: Infinity, abandonAfterMs: 5000 };

/**
 * A source over content that is generated on the first request, such as synthesised speech or rendered video, and kept in
 * files. While it is generated, it is streamed to all clients; a request that needs its size (a range other than `bytes=0-`,
 * a HEAD, a date condition) waits until it is complete. From then on it is served like a file. Each generation has its own
 * strong entity tag.
 *
 * @throws SourceLengthError (when read) for content of more than `maxBytes`
 * @throws SourceUnavailableError (when read) if other content being generated leaves no room for it, or the disk is full
 * @throws TypeError (immediately) for an unknown or invalid option
 */
export function generatedSource(options: GeneratedSourceOptions): RangeSource {
  checkOptions('generatedSource', options, CHECKS, ['key', 'generate', 'dir']);
  const { key, dir, generate, type, maxBytes, ttlMs, abandonAfterMs } = options;
  const order = {
    name: contentName(key),
    generate,
    type,
    maxBytes: maxBytes ?? DEFAULTS.maxBytes,
    ttlMs: ttlMs ?? DEFAULTS.ttlMs,
    abandonAfterMs: abandonAfterMs ?? DEFAULTS.abandonAfterMs,
  };
  const generations = generationsIn(resolve(dir));
  return { ...SOURCE_IS_NOT_JSON, resolve: () => generations.resolve(order) };
}

const CHECKS: Checks<GeneratedSourceOptions> = {
  key: ['a string', (value) => typeof value === 'string'],
  generate: callback,
  type: headerText,
  dir: directory,
  maxBytes: positive,
  ttlMs: ['a time in ms from 1, or Infinity', (value) => typeof value === 'number' && value >= 1],
  abandonAfterMs: orInfinity(delay(0)),
};
