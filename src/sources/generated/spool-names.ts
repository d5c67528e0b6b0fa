import { createHash, randomBytes } from 'node:crypto';

/** The information in a file name of a spool. */
export type SpoolEntry =
  | { readonly kind: 'complete'; readonly name: string; readonly tag: string; readonly size: number }
  | {
      readonly kind: 'part';
      readonly name: string;
      readonly tag: string;
      /** The process that generates it; `undefined`: unknown. */
      readonly owner: string | undefined;
    };

const ENTRY = /^([\da-f]{64})\.([\da-f]{32})\.(?:(?:([\da-f]{12}-\d{1,10}-\d{1,20})\.)?part|(\d{1,16}))$/;

/**
 * The name of content in a spool, made from its key; safe in a path. Hashed as UTF-16, since different keys with lone
 * surrogates would be equal in UTF-8.
 */
export function contentName(key: string): string {
  return createHash('sha256').update(key, 'utf16le').digest('hex');
}

/** A unique tag for a generation: the same key may yield different content each time. */
export function newTag(): string {
  return randomBytes(16).toString('hex');
}

export function partFileName(name: string, tag: string, owner: string): string {
  return `${name}.${tag}.${owner}.part`;
}

/** Includes the size, in bytes, to detect files that were truncated (a power cut, a full disk). */
export function completeFileName(name: string, tag: string, size: number): string {
  return `${name}.${tag}.${size}`;
}

/** `undefined`: the file does not belong to a spool. */
export function parseFileName(fileName: string): SpoolEntry | undefined {
  const [, name, tag, owner, size] = ENTRY.exec(fileName) ?? [];
  if (name === undefined || tag === undefined) return undefined;
  return size === undefined ? { kind: 'part', name, tag, owner } : { kind: 'complete', name, tag, size: Number(size) };
}
