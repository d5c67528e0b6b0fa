import { createHash, randomBytes } from 'node:crypto';

/** What the name of a file in a spool says. */
export type SpoolEntry =
  | { readonly kind: 'complete'; readonly name: string; readonly tag: string; readonly size: number }
  | { readonly kind: 'part'; readonly name: string; readonly tag: string };

const ENTRY = /^([\da-f]{64})\.([\da-f]{32})\.(?:part|(\d{1,16}))$/;

/**
 * The name of content in a spool: the same for the same key, and no way to lead anywhere. In UTF-16, since keys that are
 * no proper Unicode would come out alike in UTF-8.
 */
export function contentName(key: string): string {
  return createHash('sha256').update(key, 'utf16le').digest('hex');
}

/** Tells one generation from any other: what was made twice from one key may differ. */
export function newTag(): string {
  return randomBytes(16).toString('hex');
}

export function partFileName(name: string, tag: string): string {
  return `${name}.${tag}.part`;
}

/** The size, in octets, is there to tell a file that lost octets (a power cut, a full disk) from one that is whole. */
export function completeFileName(name: string, tag: string, size: number): string {
  return `${name}.${tag}.${size}`;
}

/** `undefined`: it is not of a spool, and none of its business. */
export function parseFileName(fileName: string): SpoolEntry | undefined {
  const [, name, tag, size] = ENTRY.exec(fileName) ?? [];
  if (name === undefined || tag === undefined) return undefined;
  return size === undefined ? { kind: 'part', name, tag } : { kind: 'complete', name, tag, size: Number(size) };
}
