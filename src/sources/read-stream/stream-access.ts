import { fstat, open, read, ReadStream } from 'node:fs';

/**
 * How a ReadStream obtains its bytes. `path`: it opens its path and reads its descriptor, as we would. `descriptor`: once
 * open, it reads its descriptor as we would. `own`: through another file system (memfs, an archive) or overridden methods;
 * then its path and descriptor number mean nothing to us.
 */
export type StreamAccess = 'path' | 'descriptor' | 'own';

/** Returns `own` in doubt, since reading the stream itself always yields the right bytes. */
export function accessOf(stream: ReadStream): StreamAccess {
  if (!READING.every((name) => isAsShipped(stream, name))) return 'own';
  const files = fileSystemOf(stream);
  if (files === undefined) return 'own';
  if (stream.path === undefined && isHandle(files)) return 'descriptor';
  if (files['read'] !== read || files['fstat'] !== fstat) return 'own';
  return files['open'] === open && isAsShipped(stream, 'open') ? 'path' : 'descriptor';
}

/** Whether the stream emits 'open' or an error once it has tried to open its file. */
export function announcesOpening(stream: ReadStream): boolean {
  return isAsShipped(stream, '_construct');
}

/** Methods that a subclass or patch overrides to yield other bytes. graceful-fs overrides only `open`. */
const READING = ['_construct', '_read', 'read', 'push', 'unshift', 'pipe', Symbol.asyncIterator] as const;

type Method = (typeof READING)[number] | 'open';

const AS_SHIPPED = new Map<Method, unknown>(
  [...READING, 'open' as const].map((name) => [name, Reflect.get(ReadStream.prototype, name)]),
);

function isAsShipped(stream: ReadStream, name: Method): boolean {
  return Reflect.get(stream, name) === AS_SHIPPED.get(name);
}

type FileSystem = Readonly<Record<string, unknown>>;

/** The option `fs`, or the default of Node.js; Bun and Deno store it in the same place. */
function fileSystemOf(stream: ReadStream): FileSystem | undefined {
  const own = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kFs');
  const files: unknown = own === undefined ? undefined : Reflect.get(stream, own);
  return typeof files === 'object' && files !== null ? (files as FileSystem) : undefined;
}

/** Whether it is the substitute for a file system that Node.js creates for a FileHandle: it has only methods of an open file. */
function isHandle(files: FileSystem): boolean {
  return typeof files['writev'] === 'function' && typeof files['fsync'] === 'function' && !('fstat' in files);
}
