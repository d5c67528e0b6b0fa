import { resolve } from 'node:path';
import {
  callback,
  type Checks,
  checkOptions,
  delay,
  directory,
  fieldText,
  orInfinity,
  positive,
} from './check-options.js';
import { generationsIn } from './generations.js';
import type { Bytes, RangeSource } from './source.js';
import { contentName } from './spool-names.js';

export interface GeneratedSourceOptions {
  /** Names the content within `dir`: whatever it is made from. Any string; it is hashed, and never used as a path. */
  readonly key: string;
  /**
   * Makes the octets: a generator, a Node.js `Readable` or a web stream. Called where they are not in the spool. `signal`
   * aborts when nobody waits for them any more.
   */
  readonly generate: (signal: AbortSignal) => Bytes | Promise<Bytes>;
  /** Media type. */
  readonly type?: string | undefined;
  /** A directory for nothing else, which is created where it is missing. What lies in it survives a restart. */
  readonly dir: string;
  /** Octets in `dir` at the most; the least recently used content goes first. Default: 1 GiB. */
  readonly maxOctets?: number | undefined;
  /** For how long content is served before it is made anew, in ms. Default: Infinity. */
  readonly ttlMs?: number | undefined;
  /**
   * For how long a generation goes on when nobody waits for it any more, in ms; Infinity: to its end. Default: 5,000, so
   * that a player may come back for another part.
   */
  readonly abandonAfterMs?: number | undefined;
}

const DEFAULTS = { maxOctets: 1024 ** 3, ttlMs: Infinity, abandonAfterMs: 5000 };

/**
 * A source over content that is made when it is first asked for (speech that is synthesised, video that is rendered), and
 * kept in files. While it is made it is sent as it comes, to all who ask for it; a request that needs its size (a range
 * but `bytes=0-`, a HEAD, a date to compare) waits until it is complete. From then on it is served as files are. Its
 * entity tag is strong, and another one each time it is made.
 *
 * @throws SourceLengthError (when it is read) for content of more than `maxOctets`
 * @throws SourceUnavailableError (when it is read) where others that are being made leave no room for it
 * @throws TypeError (at once) for an unknown or impossible option
 */
export function generatedSource(options: GeneratedSourceOptions): RangeSource {
  checkOptions('generatedSource', options, CHECKS, ['key', 'generate', 'dir']);
  const { key, dir, generate, type, maxOctets, ttlMs, abandonAfterMs } = options;
  const order = {
    name: contentName(key),
    generate,
    type,
    maxOctets: maxOctets ?? DEFAULTS.maxOctets,
    ttlMs: ttlMs ?? DEFAULTS.ttlMs,
    abandonAfterMs: abandonAfterMs ?? DEFAULTS.abandonAfterMs,
  };
  const generations = generationsIn(resolve(dir));
  return { resolve: () => generations.resolve(order) };
}

const CHECKS: Checks<GeneratedSourceOptions> = {
  key: ['a string', (value) => typeof value === 'string'],
  generate: callback,
  type: fieldText,
  dir: directory,
  maxOctets: positive,
  ttlMs: ['a time in ms from 1, or Infinity', (value) => typeof value === 'number' && value >= 1],
  abandonAfterMs: orInfinity(delay(0)),
};
