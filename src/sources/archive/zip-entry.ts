import { checkOptions, type Checks, date, describe, entityTag, size } from '../options/check-options.js';
import { has } from '../options/given-value.js';
import { refuse } from '../options/refuse.js';
import type { RangeSource } from '../source.js';
import { isCrc } from './crc-32.js';
import { faultAmong, faultOfName, isDirectoryName } from './zip-names.js';

/** A file or a directory in an archive. */
export interface ZipEntry {
  /** Its path in the archive, with `/` between the segments; a directory's ends with `/`. */
  readonly name: string;
  /** Its content. A directory has none. */
  readonly source?: RangeSource | undefined;
  /**
   * In bytes. If given, the source is not resolved until its bytes are read, and nothing is known about it but these properties.
   */
  readonly size?: number | undefined;
  /** The source's entity tag, with its quotes. If the source has another one, its content is not sent. */
  readonly etag?: string | undefined;
  /** The date in the archive. Default: the source's. */
  readonly lastModified?: Date | undefined;
  /** The CRC-32 of the content, from 0 to 2^32 - 1. Without it, the entry is read when its CRC is needed. */
  readonly crc32?: number | undefined;
  /** The permissions of Unix. Default: `0o644`, for directories `0o755`. */
  readonly mode?: number | undefined;
}

const ENTRY_CHECKS: Checks<ZipEntry> = {
  name: ['a string', (value) => typeof value === 'string'],
  source: ['a source, such as fileSource(name, { root })', (value) => has(value, 'resolve')],
  size,
  etag: entityTag,
  lastModified: date,
  crc32: ['a whole number from 0 to 2^32 - 1', isCrc],
  mode: [
    'permissions from 0 to 0o7777',
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0o7777,
  ],
};

/**
 * Checks entries and copies them, so that later changes have no effect.
 *
 * @throws TypeError naming the entry
 */
export function checkEntries(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  const checked = entries.map((entry: ZipEntry | undefined, i) => {
    const name: unknown = entry?.name;
    if (typeof name !== 'string') refuse(`zipSource: entry ${i} must have a name, a string, not ${describe(name)}`);
    const copied = copy(entry as ZipEntry);
    checkEntry(`zipSource: the entry ${JSON.stringify(name)}`, { ...entry, ...copied });
    return copied;
  });
  const wrong = faultAmong(checked.map(({ name }) => name));
  if (wrong !== undefined) refuse(`zipSource: the entry ${JSON.stringify(wrong.name)} ${wrong.fault}`);
  return checked;
}

/** An entity of a database has getters, which a spread would lose. */
function copy({ name, source, size: bytes, etag, lastModified, crc32, mode }: ZipEntry): ZipEntry {
  return { name, source, size: bytes, etag, lastModified, crc32, mode };
}

function checkEntry(place: string, entry: ZipEntry): void {
  const fault = faultOfName(entry.name);
  if (fault !== undefined) refuse(`${place.slice(0, LONGEST_PLACE)} cannot be extracted: its name ${fault}`);
  checkOptions(place, entry, ENTRY_CHECKS);
  const hasContent = entry.source !== undefined || (entry.size ?? 0) > 0;
  if (isDirectoryName(entry.name) && hasContent)
    refuse(`${place} is a directory, by the '/' at its end, and has no content`);
  if (!isDirectoryName(entry.name) && entry.source === undefined) {
    refuse(`${place} needs a source; the name of a directory ends with '/'`);
  }
}

/** A name that is too long says so in fewer characters. */
const LONGEST_PLACE = 1000;
