import { describe, expect, it } from '@jest/globals';
import {
  bytesSource,
  fileSource,
  folderSource,
  generatedSource,
  httpSource,
  onRangeResponse,
  Ranged,
  RangedFile,
  RangeParser,
  RangeResponder,
  redirectSource,
  streamSource,
} from 'nestjs-range';
import { ApiRanged } from 'nestjs-range/swagger';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { nearest } from '../../../src/sources/options/nearest.js';

/** A function of the package, called as no type checker would let it be. */
type Call = (...parameters: unknown[]) => unknown;

const promise = Promise.resolve('a.mp4');
const generator = (async function* () {
  yield Buffer.alloc(1);
})();
const file = new RangedFile(bytesSource(Buffer.alloc(1)));
const response = new ServerResponse(new IncomingMessage(new Socket()));
const send = new RangeResponder({}, () => new RangeParser());

class Film {}

/** As it is made with what `forRoot` is given, or a factory returns. */
const forRoot: Call = (options) => new RangeResponder(options as never, () => new RangeParser());
const newFile: Call = (source, options) => new RangedFile(source as never, options as never);
const sendFile: Call = (...parameters) => send.send(...(parameters as [unknown, unknown, never]));

const PATH = 'fileSource: the path must be a string, not ';
const BYTES = 'bytesSource: the bytes must be a Buffer, another Uint8Array or a Blob, not ';
const STREAM = 'streamSource: the stream must be a Readable, a web stream or an async generator, not ';
const SOURCE = 'RangedFile: the source must come from fileSource(), bytesSource(), streamSource() or the like, ';
const SENT = 'RangeResponder.send(): the third parameter must be a RangedFile or a StreamableFile, not ';

const MISTAKES: readonly (readonly [call: Call, given: readonly unknown[], message: string])[] = [
  [
    fileSource as Call,
    [],
    `${PATH}undefined: is the route's parameter named as in @Param(), and does it always have a value?`,
  ],
  [fileSource as Call, [undefined, { root: '/srv' }], `${PATH}undefined: is the route's`],
  [fileSource as Call, [null], `${PATH}null`],
  [
    fileSource as Call,
    [['sub', 'clip.mp4']],
    `${PATH}the array [ 'sub', 'clip.mp4' ]: a wildcard yields segments, so write name.join('/')`,
  ],
  [fileSource as Call, [promise], `${PATH}a promise: await it`],
  [fileSource as Call, [new URL('file:///a.mp4')], `${PATH}a URL: write fileURLToPath(url)`],
  [
    fileSource as Call,
    [Buffer.from('a.mp4')],
    `${PATH}a Buffer: write bytesSource(bytes) for content, or path.toString()`,
  ],
  [fileSource as Call, [Readable.from([])], `${PATH}a stream: write streamSource(stream)`],
  [fileSource as Call, [5], `${PATH}a number`],
  [fileSource as Call, [{ name: 'a.mp4' }], `${PATH}an object`],
  [fileSource as Call, ['a.mp4', null], 'fileSource: the options must be an object, not null'],
  [fileSource as Call, ['a.mp4', '/srv'], 'fileSource: the options must be an object, not "/srv"'],
  [
    fileSource as Call,
    ['a.mp4', { rooot: '/srv' }],
    'fileSource: unknown option "rooot" (did you mean "root"?); known options are root',
  ],

  [folderSource as Call, [], 'folderSource: option "root" must be the path of a directory, not undefined'],
  [folderSource as Call, [''], 'folderSource: option "root" must be the path of a directory, not ""'],
  [folderSource as Call, ['/srv', { maxage: 5 }], 'folderSource: unknown option "maxage" (did you mean "maxAge"?)'],
  [folderSource('/srv') as Call, [], "folderSource: the name must be a string, not undefined: is the route's"],
  [folderSource('/srv') as Call, [['a', 'b']], "folderSource: the name must be a string, not the array [ 'a', 'b' ]"],

  [bytesSource as Call, [], `${BYTES}undefined`],
  [bytesSource as Call, [null], `${BYTES}null`],
  [
    bytesSource as Call,
    ['text'],
    `${BYTES}a string: write Buffer.from(text) for its text, or fileSource(name, { root }) for a file`,
  ],
  [bytesSource as Call, [promise], `${BYTES}a promise: write await promise`],
  [bytesSource as Call, [new ArrayBuffer(1)], `${BYTES}an ArrayBuffer: write bytesSource(new Uint8Array(buffer))`],
  [bytesSource as Call, [new Uint16Array(1)], `${BYTES}a typed array: write bytesSource(Buffer.from(array.buffer, `],
  [
    bytesSource as Call,
    [new DataView(new ArrayBuffer(1))],
    `${BYTES}a typed array: write bytesSource(Buffer.from(array.buffer, `,
  ],
  [bytesSource as Call, [[1, 2]], `${BYTES}an array`],
  [bytesSource as Call, [Readable.from([])], `${BYTES}a stream: write streamSource(stream)`],
  [
    bytesSource as Call,
    [Buffer.alloc(1), { tpye: 'a/b' }],
    'bytesSource: unknown option "tpye" (did you mean "type"?)',
  ],
  [
    bytesSource as Call,
    [Buffer.alloc(1), { etag: 'v1' }],
    `bytesSource: option "etag" must be an entity tag with its quotes, such as '"v1"'`,
  ],
  [
    bytesSource as Call,
    [Buffer.alloc(1), { lastModified: '2024-01-01' }],
    'bytesSource: option "lastModified" must be a valid Date, not "2024-01-01": write new Date(date)',
  ],

  [streamSource as Call, [], `${STREAM}undefined`],
  [streamSource as Call, ['a.mp4'], `${STREAM}a string: write fileSource(name, { root })`],
  [streamSource as Call, [Buffer.alloc(1)], `${STREAM}a Buffer: write bytesSource(buffer)`],
  [streamSource as Call, [promise], `${STREAM}a promise: write await promise`],
  [streamSource as Call, [new Blob(['a'])], `${STREAM}a Blob: write bytesSource(blob)`],
  [streamSource as Call, [() => generator], `${STREAM}a function`],
  [streamSource as Call, [[Buffer.alloc(1)]], `${STREAM}an array`],
  [
    streamSource as Call,
    [Readable.from([]), { size: '100' }],
    'streamSource: option "size" must be a whole number of bytes, not "100": write Number(size)',
  ],
  [
    streamSource as Call,
    [Readable.from([]), { size: 100n }],
    'streamSource: option "size" must be a whole number of bytes, not 100n: write Number(size)',
  ],
  [
    streamSource as Call,
    [Readable.from([]), { size: -1 }],
    'streamSource: option "size" must be a whole number of bytes, not -1',
  ],

  [generatedSource as Call, [], 'generatedSource: the options must be an object, not undefined'],
  [
    generatedSource as Call,
    [{ key: 'a', dir: '/srv', generate: generator }],
    'generatedSource: option "generate" must be a function, not ',
  ],
  [httpSource as Call, [], 'httpSource: the URL is not an absolute http: or https: URL'],
  [httpSource as Call, ['/files/a.mp4'], 'httpSource: the URL is not an absolute http: or https: URL'],
  [redirectSource as Call, [], 'redirectSource: "undefined" is not an absolute http: or https: URL'],

  [newFile, [], `${SOURCE}not undefined`],
  [newFile, [null], `${SOURCE}not null`],
  [newFile, ['a.mp4'], `${SOURCE}not a string: write fileSource(name, { root })`],
  [newFile, [promise], `${SOURCE}not a promise: write await promise`],
  [newFile, [Buffer.alloc(1)], `${SOURCE}not a Buffer: write bytesSource(buffer)`],
  [newFile, [new Uint8Array(1)], `${SOURCE}not a Uint8Array: write bytesSource(bytes)`],
  [newFile, [new Blob(['a'])], `${SOURCE}not a Blob: write bytesSource(blob)`],
  [newFile, [Readable.from([])], `${SOURCE}not a stream: write streamSource(stream)`],
  [newFile, [new ReadableStream()], `${SOURCE}not a web stream: write streamSource(stream)`],
  [newFile, [generator], `${SOURCE}not a generator: write streamSource(generator)`],
  [
    newFile,
    [{ [Symbol.asyncIterator]: () => generator }],
    `${SOURCE}not an async iterable: write streamSource(iterable)`,
  ],
  [newFile, [new Response('a')], `${SOURCE}not a Response: write streamSource(response.body) or httpSource(url)`],
  [newFile, [folderSource('/srv')], `${SOURCE}not a function: call it`],
  [newFile, [file], `${SOURCE}and this is a file already: return it as it is`],
  [newFile, [new Film()], `${SOURCE}not an instance of Film`],
  [newFile, [bytesSource(Buffer.alloc(1)), null], 'RangedFile: the options must be an object, not null'],
  [newFile, [bytesSource(Buffer.alloc(1)), 'video/mp4'], 'RangedFile: the options must be an object, not "video/mp4"'],

  [sendFile, [{}, response, 'a.mp4'], `${SENT}a string: write new RangedFile(fileSource(name, { root }))`],
  [sendFile, [{}, response, bytesSource(Buffer.alloc(1))], `${SENT}an object: write new RangedFile(source)`],
  [sendFile, [{}, response, undefined], `${SENT}undefined: write new RangedFile(source)`],
  [
    sendFile,
    [{}, file],
    'RangeResponder.send(): the second parameter must be the response, not an instance of RangedFile: write send(request, response, file)',
  ],
  [
    sendFile,
    [{}, undefined, file],
    'RangeResponder.send(): the second parameter must be the response, not undefined: write send',
  ],

  [Ranged as Call, [null], '@Ranged(): the options must be an object, not null'],
  [
    Ranged as Call,
    [{ etag: 'v1' }],
    `@Ranged(): option "etag" must be an entity tag with its quotes, such as '"v1"' or 'W/"v1"', or false, not "v1"`,
  ],
  [
    ApiRanged as Call,
    [{ types: 'a/b' }],
    '@ApiRanged(): unknown option "types" (did you mean "type"?); known options are type, description',
  ],
  [forRoot, [{ appInterceptr: true }], 'RangeModule: unknown option "appInterceptr" (did you mean "appInterceptor"?)'],
  [forRoot, [{ cacheControll: 'no-store' }], 'unknown option "cacheControll" (did you mean "cacheControl"?)'],
  [forRoot, [{ appInterceptor: true }], 'RangeModule: pass "appInterceptor" beside useFactory; the factory cannot'],
  [onRangeResponse as Call, [], 'onRangeResponse: the listener must be a function, not undefined'],
];

describe('a wrong value is named in the error, with the right expression:', () => {
  it.each(MISTAKES.map(([call, given, message]) => [message, call, given] as const))('%s', (message, call, given) => {
    expect(() => call(...given)).toThrow(expect.objectContaining({ name: 'TypeError' }));
    expect(() => call(...given)).toThrow(message);
  });

  it('an absent Range header is not parsed', () => {
    expect(new RangeParser().parse(undefined)).toBeUndefined();
  });
});

describe('the suggested name', () => {
  const NAMES = ['type', 'filename', 'disposition', 'cacheControl', 'maxRanges', 'root', 'ttlMs'];

  it.each([
    ['dispositon', 'disposition'],
    ['dipsosition', 'disposition'],
    ['fileName', 'filename'],
    ['maxRange', 'maxRanges'],
    ['cache-control', 'cacheControl'],
    ['rot', 'root'],
    ['ttl', 'ttlMs'],
    ['tpye', 'type'],
  ])('of %s is %s', (written, meant) => {
    expect(nearest(written, NAMES)).toBe(meant);
  });

  it.each(['', 'x', 'dir', 'contentLength', 'constructor', '__proto__'])('for %j is none', (written) => {
    expect(nearest(written, NAMES)).toBeUndefined();
  });
});
