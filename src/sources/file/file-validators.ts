import { createHash } from 'node:crypto';
import type { RepresentationMetadata } from '../../http/representation.js';
import { entityTag } from '../content-tags/content-hash.js';
import { contentTags, QUICKLY_HASHED } from '../content-tags/content-tags.js';
import type { FileLease } from '../descriptors/descriptor-cache.js';
import type { FileVersion } from '../descriptors/open-descriptor.js';
import { hasChangedLately, isSettled, toMs } from '../descriptors/settled-version.js';
import type { Check } from '../options/check-options.js';

/** What the entity tag of a file is made from; `undefined`: its size and times, if they are meaningful. */
export type TagOrigin = 'content' | undefined;

export const tagOrigin: Check = ["'content', or left out", (value) => value === 'content'];

export type FileValidators = Pick<RepresentationMetadata, 'etag' | 'lastModified'>;

/** Earlier times, in ms, are placeholders: packers write 1970-01-01, 1980-01-01 or, like npm, 1985-10-26. */
const FIRST_DATED = Date.UTC(1990);

/**
 * The validators of a whole file. None while it may change without changing its times: a weak tag would be useless, and
 * some players send one as if it were strong.
 */
export function fileValidators(lease: FileLease, from?: TagOrigin): FileValidators | Promise<FileValidators> {
  const { version } = lease;
  const known = (from === 'content' ? KNOWN_BY_CONTENT : KNOWN).get(version);
  if (known !== undefined) return known;
  if (!isSettled(version)) return NONE;
  const modifiedAt = toMs(version.mtimeNs);
  if (from !== 'content' && modifiedAt >= FIRST_DATED) {
    return keep(version, from, { etag: tagOfTimes(version), lastModified: new Date(modifiedAt) });
  }
  const tag = contentTags.find(version);
  if (tag !== undefined) return keep(version, from, { etag: tag });
  if (version.size <= QUICKLY_HASHED) return contentTags.make(lease).then((made) => withTag(version, from, made));
  if (from !== 'content') return keep(version, from, { etag: tagOfHost(version) });
  contentTags.prepare(lease);
  return NONE;
}

const NONE: FileValidators = {};

/** Final validators, by what their tags are made from. */
const KNOWN = new WeakMap<FileVersion, FileValidators>();
const KNOWN_BY_CONTENT = new WeakMap<FileVersion, FileValidators>();

function keep(version: FileVersion, from: TagOrigin, validators: FileValidators): FileValidators {
  (from === 'content' ? KNOWN_BY_CONTENT : KNOWN).set(version, validators);
  return validators;
}

/** Keeps the tag unless the file changed recently: then it may change again unnoticed, and is hashed again next time. */
function withTag(version: FileVersion, from: TagOrigin, etag: string | undefined): FileValidators {
  if (etag === undefined) return NONE;
  return hasChangedLately(version) ? { etag } : keep(version, from, { etag });
}

/** Hashed to hide the file's times; without inode and ctime, which differ between replicas. */
function tagOfTimes({ size, mtimeNs }: FileVersion): string {
  return hashed(`${size}:${mtimeNs}`);
}

/** Made from everything that this host knows about a file that is too large to hash during a request. */
function tagOfHost({ dev, ino, size, mtimeNs, ctimeNs }: FileVersion): string {
  return hashed(`${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`);
}

function hashed(text: string): string {
  return entityTag(createHash('sha256').update(text).digest('base64url'));
}
