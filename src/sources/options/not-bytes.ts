import { types } from 'node:util';
import { describeValue, isBlob } from './given-value.js';

/** Says what a function returned where a stream of bytes was expected, and what to return instead. */
export function adviceOnStream(value: unknown): string {
  const instead = STREAMS.find(([matches]) => matches(value))?.[1];
  return `${describeValue(value).what}: return ${instead ?? 'a Readable, a web stream or an async generator'}`;
}

/** Says what a stream yielded where bytes were expected, and what to yield instead. */
export function adviceOnChunk(value: unknown): string {
  const instead = CHUNKS.find(([matches]) => matches(value))?.[1];
  return `${describeValue(value).what}: yield ${instead ?? 'Uint8Arrays or strings'}`;
}

type Conversion = readonly [matches: (value: unknown) => boolean, expression: string];

/** Whether a value is described so. */
const is =
  (what: string) =>
  (value: unknown): boolean =>
    describeValue(value).what === what;

/** The first match counts. */
const STREAMS: readonly Conversion[] = [
  [(value) => typeof value === 'string', 'Readable.from([text]) for text, or createReadStream(path) for a file'],
  [(value) => typeof value === 'function', 'what it returns'],
  [(value) => Buffer.isBuffer(value), 'Readable.from([buffer])'],
  [types.isUint8Array, 'Readable.from([bytes])'],
  [types.isAnyArrayBuffer, 'Readable.from([Buffer.from(arrayBuffer)])'],
  [
    (value) => ArrayBuffer.isView(value),
    'Readable.from([Buffer.from(array.buffer, array.byteOffset, array.byteLength)])',
  ],
  [isBlob, 'blob.stream()'],
  [is('a Response'), 'response.body'],
  [Array.isArray, 'Readable.from(array)'],
  [is('a FileHandle'), 'handle.createReadStream()'],
  [is('a generator'), 'Readable.from(generator)'],
];

const CHUNKS: readonly Conversion[] = [
  [is('a promise'), 'await promise'],
  [types.isAnyArrayBuffer, 'new Uint8Array(buffer)'],
  [(value) => ArrayBuffer.isView(value), 'Buffer.from(array.buffer, array.byteOffset, array.byteLength)'],
  [isBlob, 'Buffer.from(await blob.arrayBuffer())'],
  [is('a Response'), 'Buffer.from(await response.arrayBuffer())'],
  [Array.isArray, 'its elements, or Uint8Array.from(array) if they are numbers'],
];
