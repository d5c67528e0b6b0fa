import { describe, expect, it } from '@jest/globals';
import { open } from 'node:fs/promises';
import { adviceOnChunk, adviceOnStream } from '../../../src/sources/options/not-bytes.js';

const buffer = new ArrayBuffer(2);
const handle = await open(import.meta.filename);
await handle.close();
const ANY = 'return a Readable, a web stream or an async generator';

describe('what is returned in place of a stream', () => {
  it.each<[value: unknown, advice: string]>([
    [undefined, `undefined: ${ANY}`],
    [5, `a number: ${ANY}`],
    [{ audio: 'AAAA' }, `an object: ${ANY}`],
    [new Map(), `an instance of Map: ${ANY}`],
    ['text', 'a string: return Readable.from([text]) for text, or createReadStream(path) for a file'],
    [() => {}, 'a function: return what it returns'],
    [Buffer.alloc(1), 'a Buffer: return Readable.from([buffer])'],
    [new Uint8Array(1), 'a Uint8Array: return Readable.from([bytes])'],
    [buffer, 'an ArrayBuffer: return Readable.from([Buffer.from(arrayBuffer)])'],
    [
      new Int16Array(buffer),
      'a typed array: return Readable.from([Buffer.from(array.buffer, array.byteOffset, array.byteLength)])',
    ],
    [new Blob([]), 'a Blob: return blob.stream()'],
    [new Response('a'), 'a Response: return response.body'],
    [[Buffer.alloc(1)], 'an array: return Readable.from(array)'],
    [handle, 'a FileHandle: return handle.createReadStream()'],
    [(function* () {})(), 'a generator: return Readable.from(generator)'],
  ])('%p', (value, advice) => expect(adviceOnStream(value)).toBe(advice));
});

describe('what is yielded in place of bytes', () => {
  it.each<[value: unknown, advice: string]>([
    [5, 'a number: yield Uint8Arrays or strings'],
    [{}, 'an object: yield Uint8Arrays or strings'],
    [Promise.resolve(), 'a promise: yield await promise'],
    [buffer, 'an ArrayBuffer: yield new Uint8Array(buffer)'],
    [new Int16Array(buffer), 'a typed array: yield Buffer.from(array.buffer, array.byteOffset, array.byteLength)'],
    [new Blob([]), 'a Blob: yield Buffer.from(await blob.arrayBuffer())'],
    [new Response('a'), 'a Response: yield Buffer.from(await response.arrayBuffer())'],
    [[1, 2], 'an array: yield its elements, or Uint8Array.from(array) if they are numbers'],
  ])('%p', (value, advice) => expect(adviceOnChunk(value)).toBe(advice));
});
