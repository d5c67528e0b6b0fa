export const streams = [
  {
    name: 'a string is advised to become a file without a root',
    edits: [{ file: 'given-value.ts', code: "'fileSource(name, { root })'", instead: "'fileSource(name)'" }],
    specs: ['given-value'],
  },
  {
    name: 'text is sent as the bytes that it stands for',
    edits: [
      {
        file: 'forward-reader.ts',
        code: 'toBytes(result.value)',
        instead: "toBytes(result.value, this.stream.readableEncoding ?? 'utf8')",
      },
    ],
    specs: ['encodings'],
  },
  {
    name: 'a stream that is destroyed in the middle looks complete',
    edits: [
      {
        file: 'piped-stream.ts',
        code: 'if (stream.destroyed === true)',
        instead: 'if (stream === through)',
      },
    ],
    specs: ['app-streams'],
  },
  {
    name: 'Nest destroys a stream before its listeners have heard of its end',
    edits: [
      {
        file: 'app-stream.ts',
        code: '(error === undefined || error === null ? stream : destroy(error))',
        instead: 'destroy(error)',
      },
    ],
    only: 'a ReadStream ranged: 412',
    specs: ['stream-listeners'],
  },
  {
    name: 'a stream that the app listens to ends before its response',
    edits: [
      {
        file: 'app-stream.ts',
        code: 'EVENTS.some((event)',
        instead: '[].some((event)',
      },
    ],
    only: 'calls back without an error',
    specs: ['stream-listeners'],
  },
  {
    name: 'what is skipped counts as silence',
    edits: [
      {
        file: 'stream-source.ts',
        code: '() => responseOf(signal)?.noteProgress()',
        instead: '() => {}',
      },
    ],
    specs: ['steady-sources'],
  },
  {
    name: 'an empty chunk counts as silence',
    edits: [
      {
        file: 'exact-length.ts',
        code: 'responseOf(this.signal)?.noteProgress();',
        instead: '',
      },
    ],
    specs: ['steady-sources'],
  },
  {
    name: 'the number of a descriptor in another file system is taken for one of ours',
    edits: [
      {
        file: 'stream-access.ts',
        code: "if (files['read'] !== read || files['fstat'] !== fstat) return 'own';",
        instead: '',
      },
    ],
    specs: ['read-stream-source'],
  },
  {
    name: 'a web stream is not cancelled while it is silent',
    edits: [
      {
        file: 'web-stream.ts',
        code: 'callQuietly(() => reader.cancel(error ?? undefined));',
        instead: 'callQuietly(() => reader);',
      },
    ],
    only: 'is cancelled',
    specs: ['foreign-values'],
  },
  {
    name: 'only a Blob of Node.js is a Blob',
    edits: [
      {
        file: 'given-value.ts',
        code: "return has(value, 'arrayBuffer') && has(value, 'slice') && has(value, 'stream');",
        instead: 'return value instanceof Blob;',
      },
    ],
    only: 'Blob',
    specs: ['foreign-values'],
  },
];
