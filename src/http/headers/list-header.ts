import { isToken, trimOws } from './header-value.js';

/** Headers whose lists are merged when several authors of a response set them: no author replaces another's members. */
const JOINED = new Set([
  'vary',
  'link',
  'allow',
  'server-timing',
  'timing-allow-origin',
  'access-control-expose-headers',
]);

/** Whether the lists of a header, named in lower case, are merged. */
export function isJoined(name: string): boolean {
  return JOINED.has(name);
}

/** Merges lists: each member once, in order; `*` in Vary replaces all others (RFC 9110 §12.5.5). */
export function joinLists(name: string, ...lists: readonly (string | undefined)[]): string | undefined {
  const members = new Map<string, string>();
  for (const list of lists) {
    for (const member of listMembers(list ?? '')) {
      const key = isToken(member) ? member.toLowerCase() : member; // header and method names
      if (!members.has(key)) members.set(key, member);
    }
  }
  if (name === 'vary' && members.has('*')) return '*';
  return members.size === 0 ? undefined : [...members.values()].join(', ');
}

/** The non-empty elements of `#element`. A comma inside a quoted string or a `<URI>` is not a delimiter. */
function listMembers(list: string): string[] {
  const members: string[] = [];
  let start = 0;
  let closing = '';
  for (let i = 0; i <= list.length; i++) {
    const char = list[i] ?? ',';
    if (closing !== '' && i < list.length) {
      if (closing === '"' && char === '\\') i++;
      else if (char === closing) closing = '';
    } else if (char === '"') closing = '"';
    else if (char === '<') closing = '>';
    else if (char === ',') {
      const member = trimOws(list, start, Math.min(i, list.length));
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}
