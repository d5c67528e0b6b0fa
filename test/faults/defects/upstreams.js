export const upstreams = [
  {
    name: "the app's headers follow a redirection to another origin",
    edits: [
      {
        file: 'upstream-requests.ts',
        code: 'next.url.origin === url.origin ? own : {}',
        instead: "next.url.origin === '' ? {} : own",
      },
    ],
    only: 'headers of the app',
    specs: ['http-upstream'],
  },
  {
    name: 'the user info of a URL stays in it',
    edits: [
      {
        file: 'target-url.ts',
        code: "url.password = '';",
        instead: '',
      },
    ],
    only: 'user info in the URL',
    specs: ['http-upstream'],
  },
  {
    name: 'headers that Connection names are handed on',
    edits: [
      {
        file: 'own-headers.ts',
        code: ' || named.has(name)',
        instead: '',
      },
    ],
    only: 'headers of the app',
    specs: ['http-upstream'],
  },
  {
    name: 'a range that came without the condition is not compared by its tag',
    edits: [
      {
        file: 'http-source.ts',
        code: 'if (validatorsOf(unconditional).etag === etag) {',
        instead: 'if (etag !== undefined) {',
      },
    ],
    only: 'nothing is mixed',
    specs: ['http-upstream'],
  },
  {
    name: 'metadata is remembered for all dispatchers of a fetch',
    edits: [
      {
        file: 'http-source.ts',
        code: '[ask, dispatcher ?? DEFAULT_OWNER].map(identityOf)',
        instead: '[ask].map(identityOf)',
      },
      {
        file: 'http-source.ts',
        code: 'owner: dispatcher ?? fetch ??',
        instead: 'owner: fetch ??',
      },
    ],
    only: 'tenants',
    specs: ['http-source'],
  },
  {
    name: 'an upstream that speaks no HTTP is taken for one that is busy',
    edits: [
      {
        file: 'failure-reasons.ts',
        code: 'return PROTOCOL_FAULTS.some((codes) => codes.test(String(reason)));',
        instead: 'return PROTOCOL_FAULTS.length === 0;',
      },
    ],
    specs: ['http-source', 'http-upstream', 'upstream'],
  },
  {
    name: 'redirections without an end are followed',
    edits: [
      {
        file: 'upstream-requests.ts',
        code: 'const MOST_REDIRECTIONS = 10;',
        instead: 'const MOST_REDIRECTIONS = 10_000;',
      },
    ],
    only: 'redirect',
    specs: ['http-upstream'],
  },
  {
    name: 'a total that no number can hold is believed',
    edits: [
      { file: 'check-answer.ts', code: 'isOrdered && Number.isSafeInteger(size ?? lastPos) ?', instead: 'isOrdered ?' },
    ],
    specs: ['http-source', 'http-upstream', 'store-source'],
  },
  {
    name: 'a length that no number can hold is believed',
    edits: [
      {
        file: 'upstream-answer.ts',
        code: 'if (Number.isSafeInteger(length)) return length;',
        instead: 'return length;',
      },
    ],
    specs: ['http-source', 'http-upstream'],
  },
  {
    name: 'the query of a URL is logged',
    edits: [
      {
        file: 'target-url.ts',
        code: 'return `${origin}${pathname}`;',
        instead: 'return `${origin}${pathname}?secret`;',
      },
    ],
    specs: ['http-source', 'http-upstream', 'store-faults'],
  },
  {
    name: 'metadata is remembered for all who have other headers',
    edits: [
      {
        file: 'http-source.ts',
        code: '[target.url.href, target.authorization, own, through, pinVersion]',
        instead: '[target.url.href, target.authorization, through, pinVersion]',
      },
    ],
    specs: ['http-source', 'http-upstream', 'store-tenants'],
  },
  {
    name: 'metadata is remembered for all user infos',
    edits: [
      {
        file: 'http-source.ts',
        code: '[target.url.href, target.authorization, own, through, pinVersion]',
        instead: '[target.url.href, own, through, pinVersion]',
      },
    ],
    specs: ['http-upstream'],
  },
  {
    name: 'headers of one connection are handed on',
    edits: [
      {
        file: 'own-headers.ts',
        code: "'connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-.*',",
        instead: "'connection|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-.*',",
      },
    ],
    only: 'headers of the app',
    specs: ['http-upstream'],
  },
  {
    name: 'content that has a coding is sent as if it had none',
    edits: [
      {
        file: 'http-source.ts',
        code: "if (status !== expected || coding !== 'identity') {",
        instead: 'if (status !== expected) {',
      },
    ],
    specs: ['http-source', 'http-upstream'],
  },
];
