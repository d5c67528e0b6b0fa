import { extname } from 'node:path';

/** Loaded when a file is first resolved: the library's table would account for most of the cost of importing this package. */
let contentType: ((extension: string) => string | false) | undefined;

const known = new Map<string, string | undefined>();

/** Whether `mediaType` may be called. */
export function areMediaTypesLoaded(): boolean {
  return contentType !== undefined;
}

export async function loadMediaTypes(): Promise<void> {
  ({ contentType } = await import('mime-types'));
}

/** The media type for a file's extension; `undefined`: unknown. */
export function mediaType(path: string): string | undefined {
  const extension = extname(path);
  if (known.has(extension)) return known.get(extension);
  const type = contentType?.(extension) || undefined;
  if (known.size < 1000) known.set(extension, type); // names may come from users
  return type;
}
