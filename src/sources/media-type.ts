import { extname } from 'node:path';

/** The library's table is most of what importing this package would cost: it is loaded when a file is first resolved. */
let contentType: ((extension: string) => string | false) | undefined;

const known = new Map<string, string | undefined>();

/** Whether `mediaType` may be asked. */
export function areMediaTypesLoaded(): boolean {
  return contentType !== undefined;
}

export async function loadMediaTypes(): Promise<void> {
  ({ contentType } = await import('mime-types'));
}

/** The media type that a file's extension stands for; `undefined`: none is known. */
export function mediaType(path: string): string | undefined {
  const extension = extname(path);
  if (known.has(extension)) return known.get(extension);
  const type = contentType?.(extension) || undefined;
  if (known.size < 1000) known.set(extension, type); // users may give names without end
  return type;
}
