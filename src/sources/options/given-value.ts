import { inspect, types } from 'node:util';
import { refuse } from './refuse.js';

/** Describes an unexpected value, and suggests what to write instead, for messages. */
export interface ValueDescription {
  readonly what: string;
  /** `undefined`: no suggestion. */
  readonly instead: string | undefined;
}

/** Describes the kind of a value, without its content, and how to make a source of it. */
export function describeValue(value: unknown): ValueDescription {
  const found = KINDS.find(([matches]) => matches(value));
  return { what: found?.[1] ?? nameOf(value), instead: found?.[2] };
}

type Kind = readonly [matches: (value: unknown) => boolean, what: string, instead: string];

/** With a root, since the name may come from a URL. */
const NAMED_FILE = 'fileSource(name, { root })';

/** The first match counts. */
const KINDS: readonly Kind[] = [
  [(value) => typeof value === 'string', 'a string', NAMED_FILE],
  [(value) => has(value, 'then'), 'a promise', 'await promise'],
  [(value) => value instanceof URL, 'a URL', 'fileSource(fileURLToPath(url)) or httpSource(url)'],
  [(value) => Buffer.isBuffer(value), 'a Buffer', 'bytesSource(buffer)'],
  [(value) => types.isUint8Array(value), 'a Uint8Array', 'bytesSource(bytes)'],
  [(value) => types.isAnyArrayBuffer(value), 'an ArrayBuffer', 'bytesSource(new Uint8Array(buffer))'],
  [
    (value) => ArrayBuffer.isView(value),
    'a typed array',
    'bytesSource(Buffer.from(array.buffer, array.byteOffset, array.byteLength))',
  ],
  [isBlob, 'a Blob', 'bytesSource(blob)'],
  [
    (value) => has(value, 'arrayBuffer') && has(value, 'json'),
    'a Response',
    'streamSource(response.body) or httpSource(url)',
  ],
  [(value) => has(value, 'createReadStream'), 'a FileHandle', NAMED_FILE],
  [(value) => has(value, 'pipe'), 'a stream', 'streamSource(stream)'],
  [(value) => has(value, 'getReader'), 'a web stream', 'streamSource(stream)'],
  [(value) => hasIterator(value) && has(value, 'next'), 'a generator', 'streamSource(generator)'],
  [(value) => isObject(value) && Symbol.asyncIterator in value, 'an async iterable', 'streamSource(iterable)'],
];

/** Whether a value is a Blob, of Node.js or of another library. */
export function isBlob(value: unknown): value is Blob {
  return has(value, 'arrayBuffer') && has(value, 'slice') && has(value, 'stream');
}

/** Whether a value has a method of that name. */
export function has(value: unknown, method: string): boolean {
  return isObject(value) && typeof (value as Record<string, unknown>)[method] === 'function';
}

function hasIterator(value: unknown): boolean {
  return isObject(value) && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (!isObject(value)) return value === undefined || value === null ? String(value) : `a ${typeof value}`;
  const name: unknown = (value as { constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name !== 'string' || name === '' || name === 'Object' ? 'an object' : `an instance of ${name}`;
}

/**
 * Checks a path that a handler passes to `fileSource` or `folderSource`.
 *
 * @throws TypeError that describes the value that was passed instead
 */
export function checkPath(place: string, path: unknown): void {
  if (typeof path === 'string') return;
  refuse(`${place} must be a string, not ${describePath(path)}`);
}

/** @throws TypeError that suggests how to make a source of a value that was passed to RangedFile */
export function checkSource(source: unknown): void {
  if (has(source, 'resolve')) return;
  const known = 'RangedFile: the source must come from fileSource(), bytesSource(), streamSource() or the like';
  if (has(source, 'getStream')) refuse(`${known}, and this is a file already: return it as it is`);
  if (typeof source === 'function') refuse(`${known}, not a function: call it`);
  refuse(`${known}, not ${describeWithAdvice(source)}`);
}

/** @throws TypeError that suggests how to make a source of the value */
export function checkBytes(bytes: unknown): void {
  if (types.isUint8Array(bytes) || isBlob(bytes)) return;
  const instead = typeof bytes === 'string' ? `Buffer.from(text) for its text, or ${NAMED_FILE} for a file` : undefined;
  refuse(
    `bytesSource: the bytes must be a Buffer, another Uint8Array or a Blob, not ${describeWithAdvice(bytes, instead)}`,
  );
}

/** @throws TypeError that suggests how to make a source of the value */
export function checkStream(stream: unknown): void {
  const isBytes = types.isUint8Array(stream) || typeof stream === 'string' || Array.isArray(stream);
  if (!isBytes && (has(stream, 'pipe') || has(stream, 'getReader') || hasIterator(stream))) return;
  refuse(
    `streamSource: the stream must be a Readable, a web stream or an async generator, not ${describeWithAdvice(stream)}`,
  );
}

/** @param advice replaces the suggestion for values of its kind */
function describeWithAdvice(value: unknown, advice?: string): string {
  const { what, instead } = describeValue(value);
  const written = advice ?? instead;
  return written === undefined ? what : `${what}: write ${written}`;
}

function describePath(path: unknown): string {
  if (Array.isArray(path))
    return `the array ${inspect(path, { breakLength: Infinity })}: a wildcard yields segments, so write name.join('/')`;
  if (path === undefined)
    return "undefined: is the route's parameter named as in @Param(), and does it always have a value?";
  if (has(path, 'then')) return 'a promise: await it';
  if (path instanceof URL) return 'a URL: write fileURLToPath(url)';
  if (types.isUint8Array(path))
    return `${describeValue(path).what}: write bytesSource(bytes) for content, or path.toString() for a path`;
  return describeWithAdvice(path);
}
