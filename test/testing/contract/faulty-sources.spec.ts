import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  bytesSource,
  type ByteRange,
  type RangeSource,
  SourceFailedError,
  SourceLengthError,
  SourceNotFoundError,
  SourceProtocolError,
  SourceTimeoutError,
  SourceUnavailableError,
} from 'nestjs-range';
import { type ContractCheck, rangeSourceContract, type SourceContractOptions } from 'nestjs-range/testing';
import { Readable } from 'node:stream';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ForeignWebStream } from '../../support/sources/foreign-values.js';
import { type Fault, SampleStore } from './sample-store.js';

const BYTES = pseudoRandomBytes(310_001);
const OTHER = pseudoRandomBytes(999);
const SECRET = 'hunter2';

/** The checks of a source that is right but for its fault, with all options. */
function contractOf(fault: Fault = () => ({}), options: SourceContractOptions = {}): readonly ContractCheck[] {
  const store = new SampleStore(fault);
  const original = { bytes: BYTES };
  store.put('clip', original.bytes);
  store.put('other', OTHER);
  store.put('empty', new Uint8Array(0));
  return rangeSourceContract(() => ({ source: store.source('clip'), bytes: BYTES }), {
    replace: (bytes) => store.put('clip', bytes),
    remove: () => store.remove('clip'),
    missing: () => store.source('missing'),
    empty: () => store.source('empty'),
    failing: {
      'a store that is down': () => failingWith(new SourceUnavailableError('the store is down')),
      'a store that denies access': () => failingWith(new SourceNotFoundError('denied', { isForbidden: true })),
      'a store that breaks off': () => sending(brokenOff(new Error('broken off'))),
      'a store that resets the connection': {
        source: () => failingWith(new SourceUnavailableError('connection reset')),
        status: 503,
      },
      'a store that sends another length': {
        source: () => sending(brokenOff(new SourceProtocolError('100 of the bytes requested'))),
        status: 502,
      },
      'a store that is slow': { source: () => failingWith(new SourceTimeoutError('no response')), status: 504 },
    },
    refusing: (status, requests) => (requests === 'all' ? failingWith : failingToOpen)(refusalOf(status)),
    silent: {
      'no metadata': () => ({ resolve: untilAborted }),
      'no content': () => sending(untilAborted),
      'no more content': () => sending((signal) => silentAfterChunk(signal)),
      'a silent stream': () => sending(() => new Readable({ read() {} })),
      'a silent web stream': () => sending(() => new ReadableStream<Uint8Array>({})),
      'a silent web stream of another library': () => sending(() => new ForeignWebStream([BYTES], true)),
    },
    others: {
      'another object': () => ({ source: store.source('other'), bytes: OTHER }),
      'an object with an odd type': () => ({ source: bytesSource(OTHER, { type: undefined }), bytes: OTHER }),
    },
    secrets: [SECRET],
    resourcesInUse: () => store.inUse,
    ...options,
  });
}

function failingWith(error: unknown): RangeSource {
  return {
    resolve() {
      throw error;
    },
  };
}

function sending(open: (signal: AbortSignal, range: ByteRange | undefined) => unknown): RangeSource {
  return { resolve: () => ({ size: BYTES.length, open: (range, signal) => open(signal, range) as never }) };
}

function failingToOpen(error: unknown): RangeSource {
  return sending(async () => {
    throw error;
  });
}

/** What a right source throws for a status. */
function refusalOf(status: number): Error {
  if (status === 404 || status === 403) return new SourceNotFoundError('refused', { isForbidden: status === 403 });
  if (status === 504) return new SourceTimeoutError('no response');
  return status === 401 ? new SourceFailedError('unauthorised') : new SourceUnavailableError('unavailable');
}

function brokenOff(error?: Error): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield BYTES.subarray(0, 100);
    if (error !== undefined) throw error;
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

async function* silentAfterChunk(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(0, 100);
  await untilAborted(signal);
}

const never = (): Promise<never> => new Promise(() => {});

/** Sends what it resolved although it was replaced: its storage keeps every version, and counts them in its tags. */
const snapshot: Fault = ({ size = 0 }, store) => {
  const { bytes } = store.get('clip') ?? { bytes: new Uint8Array(0) };
  if (bytes.length !== size) return {}; // another object
  return { open: (range) => Readable.from([bytes.subarray(range?.firstPos ?? 0, (range?.lastPos ?? size) + 1)]) };
};

const RIGHT = [
  ['that notices a replacement', () => ({})],
  ['that keeps its snapshot', snapshot],
  ['without tags that keeps its snapshot', (...args) => ({ ...snapshot(...args), etag: undefined })],
  ['with weak tags', ({ etag }) => ({ etag: `W/${etag}` })],
] as const satisfies readonly (readonly [what: string, fault: Fault])[];

describe('the contract of sources', () => {
  describe.each(RIGHT)('is kept by a source %s', (_, fault) => {
    it.each(contractOf(fault).map(({ name, run }) => [name, run] as const))('%s', async (__, run) => {
      await expect(run()).resolves.toBeUndefined();
    });
  });

  it('has checks of changes only if the content can be changed', () => {
    const make = () => ({ source: bytesSource(BYTES), bytes: BYTES });
    const replace = (): void => {};
    const changes = (options: SourceContractOptions): number =>
      rangeSourceContract(make, options).filter(({ name }) => /replaced|removed/.test(name)).length;
    expect([{}, { replace }, { replace, remove: replace }].map(changes)).toEqual([0, 8, 9]);
    expect(() => rangeSourceContract(make, { remove: replace })).toThrow('"remove" needs "replace"');
  });

  it('asks nothing of a source that can be read once but what it can do', async () => {
    const make = (): { source: RangeSource; bytes: Uint8Array } => {
      let isRead = false;
      const { resolve } = bytesSource(BYTES);
      const once: RangeSource = {
        resolve: async (signal) => {
          if (isRead) throw new TypeError('it was read already');
          isRead = true;
          return { ...(await resolve(signal)), forwardOnly: true };
        },
      };
      return { source: once, bytes: BYTES };
    };
    await expect(Promise.all(rangeSourceContract(make).map(({ run }) => run()))).resolves.toBeDefined();
  });
});

/** The checks of a source with a fault. */
const planted =
  (fault: Fault): (() => readonly ContractCheck[]) =>
  () =>
    contractOf(fault);

const reopened = (change: (range: ByteRange | undefined) => ByteRange | undefined): (() => readonly ContractCheck[]) =>
  planted(({ open }) => ({ open: (range, signal) => open(change(range), signal) }));

const having = (metadata: object): (() => readonly ContractCheck[]) => planted(() => metadata);

const configured = (options: SourceContractOptions) => (): readonly ContractCheck[] => contractOf(undefined, options);

const LAST = BYTES.length - 1;

/** Sends what is stored now, whatever was resolved. */
const unversioned = planted((_, store) => ({
  async *open(range) {
    const end = range === undefined ? BYTES.length : range.lastPos + 1;
    for (let at = range?.firstPos ?? 0; at < end; at += 50_000) {
      yield store.get('clip')?.bytes.subarray(at, Math.min(at + 50_000, end)) ?? new Uint8Array(0);
    }
  },
}));

/** Waits for the rest of a version that has been replaced. */
const stuck = planted(({ open }, store) => ({
  async *open(range, signal) {
    const version = store.get('clip');
    for await (const chunk of await open(range, signal)) {
      yield chunk;
      if (store.get('clip') !== version) await never();
    }
  },
}));

/** Reads through one position for all. */
const sharedPosition = (): readonly ContractCheck[] => {
  let position = 0;
  return contractOf(() => ({
    async *open(range) {
      const end = range === undefined ? BYTES.length : range.lastPos + 1;
      for (position = range?.firstPos ?? 0; position < end;) {
        const chunk = BYTES.subarray(position, Math.min(position + 50_000, end));
        position += chunk.length;
        await Promise.resolve();
        yield chunk;
      }
    },
  }));
};

const oneMemory = planted(({ open }) => ({
  async *open(range, signal) {
    const memory = Buffer.alloc(64 * 1024);
    for await (const chunk of await open(range, signal)) {
      memory.set(chunk);
      yield memory.subarray(0, chunk.length);
    }
  },
}));

const onceAscending = planted(({ open }) => {
  let position = 0;
  return {
    open(range, signal) {
      if (range !== undefined && range.firstPos < position) throw new Error('it is behind us');
      position = range?.lastPos ?? LAST;
      return open(range, signal);
    },
  };
});

const forgetting = planted(({ open }) => {
  let opened = 0;
  return { open: (range, signal) => (opened++ === 0 ? open(range, signal) : Readable.from([])) };
});

/** Acquires something at once, and releases it when its generator ends. */
const eager = planted((_, store) => ({
  open() {
    store.inUse++;
    return (async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield BYTES;
      } finally {
        store.inUse--;
      }
    })();
  },
}));

/** Releases what it acquired when it has been read to its end, and only then. */
const untidy = planted((_, store) => ({
  async *open() {
    store.inUse++;
    yield BYTES.subarray(0, 100);
    yield BYTES.subarray(100);
    store.inUse--;
  },
}));

/** A pool of connections that those who leave never give back. */
const exhausted = (): readonly ContractCheck[] => {
  let free = 50;
  return contractOf(() => ({
    async *open() {
      if (free-- <= 0) await never();
      yield BYTES.subarray(0, 100);
      yield BYTES.subarray(100);
      free++;
    },
  }));
};

const deaf = planted(({ open }) => ({
  async *open(range, signal) {
    for await (const chunk of await open(range, new AbortController().signal)) {
      if (signal.aborted) await never();
      yield chunk;
    }
  },
}));

const waitingInOpen = planted(({ open }) => ({
  open: async (range, signal) => (signal.aborted ? never() : open(range, signal)),
}));

const undiscarded = (): readonly ContractCheck[] => {
  let held = 0;
  const make = (): { source: RangeSource; bytes: Uint8Array } => {
    held++;
    return { source: bytesSource(BYTES), bytes: BYTES };
  };
  return rangeSourceContract(make, { resourcesInUse: () => held });
};

const changing = (): readonly ContractCheck[] => {
  let requests = 0;
  return contractOf(() => ({ etag: `"${requests++}"` }));
};

const sized = (metadata: object): (() => readonly ContractCheck[]) =>
  planted((representation) => ({
    size: undefined,
    whenSized: async () => ({ ...representation, close: () => {}, ...metadata }),
  }));

const NOT_FOUND = new SourceNotFoundError('not found');
const replacedBy = (what: string): string =>
  `content replaced by ${what} before it is read is sent in its old version, or fails with a SourceChangedError`;
const replacedWhileRead = (what: string): string =>
  `content replaced by ${what} while it is read is sent in its old version, or fails`;
const HEADERS = 'the type and the headers are valid in a response';
const TAG = 'the entity tag has its quotes';
const DATE = 'the date is valid, and not in the future';
const SIZE = 'the size is the number of bytes, or undefined';
const SIZED = 'whenSized() returns the same version with its size';
const WHOLE = 'open() without a range returns all bytes';
const REMOVED = 'content that is removed is not found, and is served again when it is back';

const unheard = (): AbortSignal => new AbortController().signal;

/** Wrong errors for what storage responds. */
const REFUSED: readonly (readonly [status: number, error: Error, message: RegExp])[] = [
  [401, NOT_FOUND, /would get 404 for SourceNotFoundError.*where 500 or 502 or 503 is expected/],
  [403, NOT_FOUND, /a 403 was taken for a missing object/],
  [403, new SourceUnavailableError('denied'), /would get 503 .*SourceNotFoundError, with isForbidden/],
  [404, new Error('UnknownError'), /would get 500 .*: throw a SourceNotFoundError/],
  [404, new SourceNotFoundError('denied', { isForbidden: true }), /a missing object was taken for a denial/],
  [429, new Error('Too Many Requests'), /would get 500 .*: throw a SourceUnavailableError/],
  [500, NOT_FOUND, /would get 404 /],
  [503, new Error('Slow Down'), /would get 500 .*: throw a SourceUnavailableError/],
  [504, new Error('Gateway Timeout'), /would get 500 .*: throw a SourceTimeoutError/],
];

type Row = readonly [what: string, check: string, make: () => readonly ContractCheck[], message: RegExp];

const FAULTS: readonly Row[] = [
  [
    'skips the first byte',
    WHOLE,
    reopened((range) => range ?? { firstPos: 1, lastPos: LAST }),
    /310000 bytes returned/,
  ],
  ['uses its memory again', WHOLE, oneMemory, /a chunk was overwritten/],
  ['sends text', WHOLE, planted(() => ({ open: () => Readable.from(['text']) as never })), /of type string/],
  ['never ends the whole', WHOLE, planted(() => ({ open: () => new Readable({ read() {} }) })), /reading did not end/],
  [
    'leaves out the last byte of everything',
    'the range of everything returns all bytes',
    reopened((range) => range && { ...range, lastPos: Math.min(range.lastPos, LAST - 1) }),
    /310000 bytes returned for 0-310000/,
  ],
  [
    'takes the position 0 for none',
    'the range 0-0 is the first byte',
    reopened((range) => range && { ...range, lastPos: range.lastPos || LAST }),
    /310001 bytes returned for 0-0/,
  ],
  [
    'leaves out the last byte',
    'the range of the last position is the last byte',
    reopened((range) => range && { ...range, lastPos: Math.min(range.lastPos, LAST - 1) }),
    /0 bytes returned for 310000-310000/,
  ],
  [
    'takes the last position for exclusive',
    'the last position of a range is included',
    reopened((range) => range && { ...range, lastPos: range.lastPos - 1 }),
    /4 bytes returned for 3-7, where 5/,
  ],
  [
    'stops before the end',
    'a range may extend to the end',
    reopened((range) => range && { ...range, lastPos: Math.min(range.lastPos, LAST - 1) }),
    /155000 bytes returned/,
  ],
  ['serves one range alone', 'several ranges are read one after another', forgetting, /0 bytes returned/],
  [
    'reads forwards only',
    'ranges are read in any order, and repeatedly, unless forwardOnly is set',
    onceAscending,
    /it is behind us/,
  ],
  [
    'has one position for all',
    'sources that are read at the same time do not affect each other',
    sharedPosition,
    /bytes returned/,
  ],
  [
    'mixes two responses up',
    'a source that is resolved twice serves both responses, or refuses the second',
    sharedPosition,
    /bytes returned/,
  ],
  ...['other content', 'shorter content', 'longer content', 'nothing'].flatMap((what): Row[] => [
    [
      `sends ${what} in place of what it resolved`,
      replacedBy(what),
      unversioned,
      /other bytes than those of the version that was resolved: .*throw a SourceChangedError/,
    ],
    [`goes on with ${what}`, replacedWhileRead(what), unversioned, /bytes returned/],
  ]),
  ['waits for ever for what is no longer there', replacedWhileRead('other content'), stuck, /reading did not end/],
  [
    'fails with another error for what was replaced',
    replacedBy('other content'),
    planted(({ open }, store) => {
      const resolved = store.get('clip');
      return {
        open: (range, signal) =>
          store.get('clip') === resolved ? open(range, signal) : brokenOff(new Error('gone'))(),
      };
    }),
    /must fail with a SourceChangedError, not Error: gone/,
  ],
  ...[replacedBy('other content'), replacedWhileRead('other content'), REMOVED].map((check): Row => [
    `nobody can replace: ${check}`,
    check,
    configured({
      replace() {
        throw new TypeError('no such table');
      },
    }),
    /^Error: the option "replace" failed: TypeError: no such table$/,
  ]),
  [
    'nobody can remove',
    REMOVED,
    configured({ remove: () => Promise.reject(new Error('read-only')) }),
    /^Error: the option "remove" failed: Error: read-only$/,
  ],
  ['sends nothing of what was removed', REMOVED, unversioned, /0 bytes returned/],
  [
    'fails with another error for what was removed',
    REMOVED,
    planted(({ open }, store) => ({
      open: (range, signal) => (store.get('clip') === undefined ? brokenOff(new Error('gone'))() : open(range, signal)),
    })),
    /must fail with a SourceNotFoundError/,
  ],
  ['has a string for its size', SIZE, having({ size: '310001' }), /the size is '310001'/],
  ['has a bigint for its size', SIZE, having({ size: 310_001n }), /the size is 310001n/],
  ['has null for its size', SIZE, having({ size: null }), /the size is null/],
  ['has another size', SIZE, having({ size: 310_002 }), /the size is 310002, but there are 310001/],
  ['has another tag once its size is known', SIZED, sized({ etag: '"later"' }), /its etag is '"later"'/],
  ['has no size when it should', SIZED, sized({ size: undefined }), /its size is undefined/],
  [
    'has other bytes once its size is known',
    SIZED,
    sized({ open: () => Readable.from([OTHER]) }),
    /999 bytes returned/,
  ],
  ['has a line break in a header', HEADERS, having({ headers: { 'x-name': 'a\r\nb' } }), /not a valid value of x-name/],
  ['has a number in a header', HEADERS, having({ headers: { age: 5 } }), /5 is not a valid value of age/],
  ['has a blank in the name of a header', HEADERS, having({ headers: { 'x name': '' } }), /not a valid header name/],
  ['has Headers', HEADERS, having({ headers: new Headers({ vary: 'accept' }) }), /not a plain object/],
  ['has a Map of headers', HEADERS, having({ headers: new Map([['vary', 'accept']]) }), /not a plain object/],
  ['has null for its type', HEADERS, having({ type: null }), /null is not a valid value of content-type/],
  ['has a tag without quotes', TAG, having({ etag: 'v1' }), /'v1' is not an entity tag/],
  ['has an object for its tag', TAG, having({ etag: { toString: () => '"v1"' } }), /is not an entity tag/],
  ['has a text for its date', DATE, having({ lastModified: '2024-02-29' }), /not a Date but '2024-02-29'/],
  ['has no valid date', DATE, having({ lastModified: new Date(Number.NaN) }), /Invalid Date/],
  ['has a date in the future', DATE, having({ lastModified: new Date(Date.UTC(2999, 0)) }), /2999/],
  ['has another tag each time', 'the metadata is the same for each request', changing, /it was .*, then/],
  [
    'fails when it is closed unread',
    'a representation may be closed without being opened',
    planted(() => ({ close: () => Promise.reject(new Error('nothing was opened')) })),
    /nothing was opened/,
  ],
  ['holds what nobody reads', 'bytes that are never read are released', eager, /resources are not released/],
  ['holds what nobody reads on', 'a reader may stop after the first chunk', untidy, /resources are not released/],
  [
    'has no connection left',
    'a hundred readers that stop early do not block the next',
    exhausted,
    /reading did not end/,
  ],
  ['waits after an abort', 'an abort ends a read', deaf, /reading did not end/],
  ['opens after an abort', 'an abort before anything was opened ends the wait', waitingInOpen, /open\(\) did not end/],
  [
    'keeps what it was made with',
    'a source that is never resolved releases what it holds',
    undiscarded,
    /not released/,
  ],
  [
    'makes up what is missing',
    'a missing object is a SourceNotFoundError',
    configured({ missing: () => bytesSource(new Uint8Array(0)) }),
    /a missing object returned bytes/,
  ],
  [
    'fails in its own way for what is missing',
    'a missing object is a SourceNotFoundError',
    configured({ missing: () => failingWith(new Error('ENOENT')) }),
    /it failed with Error: ENOENT/,
  ],
  ['is not empty', 'an empty object returns no bytes', configured({ empty: () => bytesSource(BYTES) }), /is 310001/],
  [
    'takes a failure for a missing object',
    'a store that is down: it fails, and not as a missing object',
    configured({ failing: { 'a store that is down': () => failingWith(NOT_FOUND) } }),
    /was taken for a missing object/,
  ],
  [
    'takes a denial for a missing object',
    'a store that denies access: it fails, and not as a missing object',
    configured({ failing: { 'a store that denies access': () => failingWith(NOT_FOUND) } }),
    /was taken for a missing object/,
  ],
  [
    'ends where the store breaks off',
    'a store that breaks off: it fails, and not as a missing object',
    configured({ failing: { 'a store that breaks off': () => sending(brokenOff()) } }),
    /read to its end without an error/,
  ],
  [
    'waits for ever where the store breaks off',
    'a store that breaks off: it fails, and not as a missing object',
    configured({ failing: { 'a store that breaks off': () => sending(() => silentAfterChunk(unheard())) } }),
    /reading did not end/,
  ],
  [
    'ends where the store breaks off in a part',
    'a store that breaks off: it fails, and not as a missing object',
    configured({
      failing: {
        'a store that breaks off': () =>
          sending((_, range) => brokenOff(range === undefined ? new Error('broken off') : undefined)()),
      },
    }),
    /read to its end without an error/,
  ],
  ...(
    [
      ['resets the connection', 503, new Error('ECONNRESET'), /would get 500 .*: throw a SourceUnavailableError/],
      ['resets the connection', 503, new SourceTimeoutError('reset'), /would get 504 .* 503 is expected/],
      [
        'sends another length',
        502,
        new SourceLengthError('more than 5'),
        /would get 500 .*: throw a SourceProtocolError/,
      ],
      ['is slow', 504, new SourceUnavailableError('slow'), /would get 503 .*: throw a SourceTimeoutError/],
    ] as const
  ).map(([what, status, error, message]): Row => [
    `has a ${error.name} for a store that ${what}`,
    `a store that ${what}: clients get a ${status}`,
    configured({ failing: { [`a store that ${what}`]: { source: () => failingWith(error), status } } }),
    message,
  ]),
  [
    'passes on more than was requested',
    'a store that sends another length: clients get a 502',
    configured({
      failing: {
        'a store that sends another length': {
          source: () => sending(() => Readable.from([BYTES, OTHER])),
          status: 502,
        },
      },
    }),
    /read to its end without an error/,
  ],
  ...REFUSED.flatMap(([status, error, message]) =>
    (['all requests', 'content'] as const).map((requests): Row => [
      `has a ${error.name} for a ${status} for ${requests}`,
      contractOf().find(({ name }) => name.startsWith(`${status} from the storage for ${requests}`))?.name ?? '',
      configured({ refusing: () => (requests === 'content' ? failingToOpen : failingWith)(error) }),
      message,
    ]),
  ),
  [
    'sends what it can although its storage refuses',
    '503 from the storage for content: clients get a 503',
    configured({ refusing: () => bytesSource(BYTES) }),
    /read to its end although its storage responded 503/,
  ],
  ...(
    [
      ['the type of an object', { type: 'video/mp4\r\nX-Injected: 1' }, /valid in a response: .*content-type/],
      ['an empty type', { type: '' }, /'' is not a valid value of content-type/],
      [
        'the name of an object',
        { headers: { 'content-disposition': 'attachment; filename="世界"' } },
        /content-disposition/,
      ],
      ['a tag without quotes', { etag: 'abc' }, /the entity tag has its quotes/],
    ] as const
  ).map(([what, metadata, message]): Row => [
    `passes on ${what} that cannot be sent`,
    'an object with an odd type: each source has its own metadata and bytes',
    configured({
      others: {
        'an object with an odd type': () => ({
          source: {
            resolve: async (signal) => ({ ...(await bytesSource(OTHER).resolve(signal)), ...metadata }),
          },
          bytes: OTHER,
        }),
      },
    }),
    message,
  ]),
  [
    'waits for metadata for ever',
    'no metadata: an abort ends the wait',
    configured({ silent: { 'no metadata': () => ({ resolve: never }) } }),
    /did not end/,
  ],
  [
    'waits for content for ever',
    'no content: an abort ends the wait',
    configured({ silent: { 'no content': () => sending(never) } }),
    /did not end/,
  ],
  [
    'waits for more content for ever',
    'no more content: an abort ends the wait',
    configured({ silent: { 'no more content': () => sending(() => silentAfterChunk(new AbortController().signal)) } }),
    /did not end/,
  ],
  [
    'closes for ever',
    'a silent stream: an abort ends the wait',
    configured({
      silent: {
        'a silent stream': () => ({ resolve: () => ({ open: () => new Readable({ read() {} }), close: never }) }),
      },
    }),
    /did not end/,
  ],
  [
    'is not silent at all',
    'a silent web stream: an abort ends the wait',
    configured({ silent: { 'a silent web stream': () => bytesSource(BYTES) } }),
    /its storage is not silent/,
  ],
  [
    'closes for ever after a web stream',
    'a silent web stream of another library: an abort ends the wait',
    configured({
      silent: {
        'a silent web stream of another library': () => ({
          resolve: () => ({ open: () => new ForeignWebStream([], true) as never, close: never }),
        }),
      },
    }),
    /did not end/,
  ],
  [
    "has the metadata of another's object",
    'another object: each source has its own metadata and bytes',
    configured({ others: { 'another object': () => ({ source: bytesSource(BYTES), bytes: OTHER }) } }),
    /its size is 310001, not 999/,
  ],
  [
    "has the bytes of another's object",
    'another object: each source has its own metadata and bytes',
    configured({
      others: { 'another object': () => ({ source: sending(() => Readable.from([OTHER])), bytes: BYTES }) },
    }),
    /999 bytes returned/,
  ],
  [
    'tells a password',
    'no error contains a secret',
    configured({
      failing: { refused: () => failingWith(new Error('refused', { cause: new Error(`for app:${SECRET}@db`) })) },
    }),
    /contains a secret: .*app:\*\*\*@db/s,
  ],
];

describe('the contract finds a source that', () => {
  afterEach(() => void jest.useRealTimers());

  it.each(FAULTS)('%s', async (_, name, make, message) => {
    const check = make().find((one) => one.name === name);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    expect(String(await failureInTime(check!.run()))).toMatch(message);
  });

  it('does anything wrong: for each check there is a source that fails it', () => {
    const failed = new Set(FAULTS.map(([, name]) => name));
    expect(contractOf().filter(({ name }) => !failed.has(name))).toEqual([]);
  });
});

/** Lets the time pass that only failures take. */
async function failureInTime(check: Promise<void>): Promise<unknown> {
  const pending = Symbol('pending');
  const failure = check.then(
    () => undefined,
    (error: unknown) => error,
  );
  for (;;) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const outcome: unknown = await Promise.race([failure, Promise.resolve(pending)]);
    if (outcome !== pending) return outcome;
    await jest.advanceTimersByTimeAsync(100);
  }
}
