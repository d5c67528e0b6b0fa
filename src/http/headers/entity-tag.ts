import { isOws, trimOws } from './header-value.js';

/**
 * An entity tag: the opaque part without its quotes, and whether it is weak.
 *
 * @see RFC 9110 §8.8.3
 */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

/** The value of If-Match or If-None-Match: any representation (`*`), or those with one of these tags. */
export type EntityTagList = '*' | readonly EntityTag[];

/** Parses exactly one entity tag; `undefined` for any other text. */
export function parseEntityTag(text: string): EntityTag | undefined {
  const tag = readEntityTag(text, 0);
  return tag !== undefined && tag.end === text.length ? { weak: tag.weak, opaque: tag.opaque } : undefined;
}

/**
 * Parses `"*" / #entity-tag`; `undefined` if the value does not match that grammar.
 *
 * @see RFC 9110 §13.1.1, §13.1.2
 */
export function parseEntityTagList(headerValue: string): EntityTagList | undefined {
  const text = trimOws(headerValue);
  if (text === '*') return '*';
  const tags: EntityTag[] = [];
  let at = skipDelimiters(text, 0);
  while (at.end < text.length) {
    if (!at.comma && tags.length > 0) return undefined;
    const tag = readEntityTag(text, at.end);
    if (tag === undefined) return undefined;
    tags.push({ weak: tag.weak, opaque: tag.opaque });
    at = skipDelimiters(text, tag.end);
  }
  return tags;
}

/** @see RFC 9110 §8.8.3.2 */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** @see RFC 9110 §8.8.3.2 */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

/** Parses `entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE` at `start`. */
function readEntityTag(text: string, start: number): (EntityTag & { readonly end: number }) | undefined {
  const weak = text.startsWith('W/', start);
  const open = weak ? start + 2 : start;
  if (text[open] !== '"') return undefined;
  const close = text.indexOf('"', open + 1);
  if (close === -1) return undefined;
  for (let i = open + 1; i < close; i++) {
    if (!isEtagc(text.charCodeAt(i))) return undefined;
  }
  return { weak, opaque: text.slice(open + 1, close), end: close + 1 };
}

/** `etagc = %x21 / %x23-7E / obs-text` */
function isEtagc(code: number): boolean {
  return code >= 0x21 && code <= 0xff && code !== 0x22 && code !== 0x7f;
}

function skipDelimiters(text: string, start: number): { readonly end: number; readonly comma: boolean } {
  let end = start;
  let comma = false;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x2c) comma = true;
    else if (!isOws(code)) break;
  }
  return { end, comma };
}
