export const headers = [
  {
    name: 'a date counts only where it came over the wire',
    edits: [
      {
        file: 'request-headers.ts',
        code: 'return lines.length > 1 ?',
        instead: 'return lines.length !== 1 ?',
      },
    ],
    specs: ['request-headers'],
  },
  {
    name: 'the headers of a success stay on an error',
    edits: [
      {
        file: 'response-headers.ts',
        code: 'failWith(exchange, status, ofError, SUCCESS_HEADERS);',
        instead: 'failWith(exchange, status, ofError, []);',
      },
    ],
    specs: ['retried-responses'],
  },
  {
    name: 'what a failed attempt leaves is taken for the word of the app',
    edits: [
      {
        file: 'range.responder.ts',
        code: '    beginAttempt(exchange);\n',
        instead: '',
      },
    ],
    specs: ['retried-responses'],
  },
  {
    name: 'what another attempt has left when it failed stays on an answer',
    edits: [
      {
        file: 'response-headers.ts',
        code: 'beginAttempt(exchange); // another',
        instead: '// another',
      },
    ],
    specs: ['retried-responses'],
  },
  {
    name: 'the headers of an error stay on a placeholder',
    edits: [
      {
        file: 'failed-attempt.ts',
        code: 'if (sent < 400) finishPlaceholder(exchange, attempt);',
        instead: 'if (sent < 400) return;',
      },
    ],
    specs: ['retried-responses'],
  },
  {
    name: 'an error has the entity tag that a framework makes of it',
    edits: [
      {
        file: 'failed-attempt.ts',
        code: "exchange.setHeaders(etag === undefined ? {} : { etag }, ['etag']);",
        instead: 'exchange.setHeaders(etag === undefined ? {} : { etag }, []);',
      },
    ],
    specs: ['retried-responses'],
  },
  {
    name: 'a list of one author replaces that of another',
    edits: [
      {
        file: 'later-headers.ts',
        code: 'joinLists(name, value, planned) ?? planned',
        instead: 'value ?? planned',
      },
    ],
    specs: ['header-authors'],
  },
  {
    name: 'what identifies the content can be changed without it',
    edits: [
      {
        file: 'response-headers.ts',
        code: "const IDENTIFYING_HEADERS = ['etag', 'last-modified', ...CONTENT_DIGESTS];",
        instead: 'const IDENTIFYING_HEADERS: string[] = [];',
      },
    ],
    specs: ['header-authors'],
  },
  {
    name: 'a 206 that a handler chose has no Content-Range',
    edits: [
      {
        file: 'chosen-status.ts',
        code: 'return contentRange === undefined ? 200 : status;',
        instead: 'return contentRange === undefined ? status : 200;',
      },
    ],
    specs: ['handler-status'],
  },
  {
    name: 'a digest of the whole stays on a part of it',
    edits: [
      {
        file: 'response-headers.ts',
        code: "const IDENTIFYING_HEADERS = ['etag', 'last-modified', ...CONTENT_DIGESTS];",
        instead: "const IDENTIFYING_HEADERS = ['etag', 'last-modified'];",
      },
    ],
    specs: ['header-authors'],
  },
  {
    name: 'a digest of the whole is planned for a part of it',
    edits: [
      {
        file: 'content-headers.ts',
        code: 'if (CONTENT_DIGESTS.every((name) => headers[name] === undefined)) return headers;',
        instead: 'return headers;',
      },
    ],
    specs: ['header-authors', 'response-plan'],
  },
  {
    name: 'a digest of the whole stays on a 416',
    edits: [
      {
        file: 'content-headers.ts',
        code: "export const CONTENT_DIGESTS: readonly string[] = ['content-digest', 'content-md5'];",
        instead: "export const CONTENT_DIGESTS: readonly string[] = ['content-md5'];",
      },
    ],
    specs: ['header-authors', 'response-plan'],
  },
  {
    name: 'what is set behind the handler has no last word',
    edits: [
      {
        file: 'later-headers.ts',
        code: 'if (value !== seen[name]) result = replaceHeader(result, name, value);',
        instead: 'void value;',
      },
    ],
    specs: ['header-authors'],
  },
  {
    name: 'an entity tag can be changed without its content',
    edits: [{ file: 'later-headers.ts', code: "  'etag',\n", instead: '' }],
    specs: ['header-authors'],
  },
  {
    name: 'no-transform can be taken away',
    edits: [
      {
        file: 'later-headers.ts',
        code: "if (name === 'cache-control' && forbidsTransform(planned))",
        instead: 'if (false)',
      },
    ],
    specs: ['header-authors'],
  },
  {
    name: 'a date that came twice counts',
    edits: [{ file: 'request-headers.ts', code: 'lines.length > 1 ?', instead: 'lines.length > 9 ?' }],
    specs: ['request-headers', 'semantics'],
  },
  {
    name: 'a field that came in several lines is its first',
    edits: [{ file: 'request-headers.ts', code: "value.join(', ')", instead: 'value[0]' }],
    specs: ['request-headers'],
  },
  {
    name: 'what is sent in chunks has a length, too',
    edits: [
      {
        file: 'head-framing.ts',
        code: "exchange.setHeaders({ 'transfer-encoding': 'chunked' }, ['content-length']);",
        instead: "exchange.setHeaders({ 'transfer-encoding': 'chunked' }, []);",
      },
    ],
    specs: ['trailers'],
  },
  {
    name: 'trailers are announced where nothing can follow',
    edits: [
      { file: 'head-framing.ts', code: "exchange.setHeaders({}, ['trailer', 'transfer-encoding']);", instead: '{}' },
    ],
    specs: ['trailers'],
  },
  {
    name: 'what is sent at once has trailers and a length',
    edits: [{ file: 'failed-attempt.ts', code: 'frameHead(exchange, status);', instead: '' }],
    specs: ['trailers'],
  },
  {
    name: 'headers of a success that could not be set stay on the error',
    edits: [
      {
        file: 'failed-attempt.ts',
        code: 'watchSuccess(exchange, { before, headers, removed, status: [statusBefore, status], isSuccess: false });',
        instead: '',
      },
    ],
    only: 'leaves nothing of the file on the error',
    specs: ['throwing-methods'],
  },
];
