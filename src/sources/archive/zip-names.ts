/** The limit of the format, in bytes of UTF-8. */
const LONGEST_NAME = 0xffff;

/** Whether a name in an archive is that of a directory. */
export function isDirectoryName(name: string): boolean {
  return name.endsWith('/');
}

/**
 * The reason to refuse a name; `undefined`: it is valid. Names are paths with `/` between segments, and cannot leave the
 * directory that they are extracted to.
 */
export function faultOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('/')) return 'is an absolute path';
  if (/^[a-z]:/i.test(name)) return 'begins with a drive';
  if (name.includes('\\')) return "has a backslash: segments are separated by '/'";
  if (/(?:^|\/)\.\.(?:\/|$)/.test(name)) return "has a segment '..', which leads out of the archive";
  if (/(?:^|\/)\.?(?:\/|$)/.test(withoutSlash(name))) return "has an empty segment, or a segment '.'";
  if (/\p{Cc}/u.test(name)) return 'has a control character';
  if (/\p{Surrogate}/u.test(name)) return 'has half a surrogate pair, which is no text';
  const length = Buffer.byteLength(name);
  return length > LONGEST_NAME ? `has ${length} bytes, where ${LONGEST_NAME} is the most` : undefined;
}

/** The first name that conflicts with another, and why; `undefined`: none does. */
export function faultAmong(names: readonly string[]): { readonly name: string; readonly fault: string } | undefined {
  const seen = new Set<string>();
  const parents = new Set<string>();
  for (const name of names) {
    const path = withoutSlash(name);
    if (seen.has(path)) return { name, fault: 'is there twice' };
    seen.add(path);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (parents.has(parent)) break; // and so are those above it
      parents.add(parent);
    }
  }
  const file = names.find((name) => !isDirectoryName(name) && parents.has(name));
  return file === undefined ? undefined : { name: file, fault: 'is a file, and a directory with other entries in it' };
}

function withoutSlash(name: string): string {
  return isDirectoryName(name) ? name.slice(0, -1) : name;
}
