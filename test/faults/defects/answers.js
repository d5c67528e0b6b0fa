export const answers = [
  {
    name: 'the head of a range stands over what a hook sends instead',
    edits: [
      {
        file: 'fastify-exchange.ts',
        code: 'if (judge !== undefined && mayReplacePayloads(this.reply))',
        instead: 'if (judge !== undefined && mayReplacePayloads(this.reply) && judge.isEmpty)',
      },
    ],
    specs: ['replaced-payloads'],
    only: 'a string of the app',
  },
  {
    name: 'what a hook makes of a part is sent as if it were the whole',
    edits: [
      {
        file: 'replaced-payload.ts',
        code: "if (isStatusKept && isPart && isDerived) return 'refuse';",
        instead: '',
      },
    ],
    specs: ['replaced-payloads'],
    only: 'changes each byte',
  },
  {
    name: 'a part that middleware rewrites is sent under our head',
    edits: [{ file: 'rewritten-content.ts', code: 'isCut = isPart;', instead: 'if (isPart) return;' }],
    specs: ['rewriting-middleware'],
    only: 'never sends a part',
  },
  {
    name: 'middleware that writes the head by a method that it has kept is not seen',
    edits: [
      {
        file: 'http-exchange.ts',
        code: "if (typeof store !== 'function')",
        instead: 'if (store !== undefined)',
      },
    ],
    specs: ['rewriting-middleware'],
    only: 'that it has kept',
  },
  {
    name: 'a second answer changes the head of one whose content is about to be sent',
    edits: [
      {
        file: 'failed-attempt.ts',
        code: 'if (attempt?.isSuccess !== true ||',
        instead: 'if (attempt === undefined || attempt.status[0] !== 999 ||',
      },
    ],
    specs: ['second-answers'],
  },
  {
    name: 'the rest of a stream that a hook has begun to read is sent for all of it',
    edits: [
      {
        file: 'payload-guard.ts',
        code: 'if (this.isRead) return this.sentLater();',
        instead: '',
      },
    ],
    specs: ['reading-hooks'],
    only: 'is an error',
  },
  {
    name: 'the content flows to a listener before a hook has passed it on',
    edits: [{ file: 'answer-stream.ts', code: 'this.pause();', instead: '' }],
    specs: ['reading-hooks'],
    only: 'waits for long',
  },
  {
    name: 'a hook changes the status of a part',
    edits: [{ file: 'replaced-payload.ts', code: 'if (isPart) exchange.setStatus(status);', instead: '' }],
    specs: ['replaced-payloads'],
    only: 'ours, with another status',
  },
  {
    name: 'the answer to a client that left is an empty file for others',
    edits: [
      {
        file: 'streamable-source.ts',
        code: 'return isRangedFile(file) ? file.source : GONE;',
        instead:
          'return { resolve: () => ({ size: 0, open: () => [] as never }), ...(file as object as Partial<RangeSource>) };',
      },
    ],
    specs: ['foreign-hands'],
    only: 'send no empty file',
  },
  {
    name: 'what a hook sends instead of a file is reported as the file',
    edits: [
      {
        file: 'response-report.ts',
        code: 'this.isReplaced = true;',
        instead: 'this.isReplaced = false;',
      },
    ],
    specs: ['reports'],
  },
  {
    name: 'an answer is sent to whatever response it is replied with',
    edits: [
      {
        file: 'ranged-response.ts',
        code: 'return answer?.exchange.response === response;',
        instead: 'return answer !== undefined && response !== undefined;',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'reading the headers of an answer commits it',
    edits: [
      {
        file: 'ranged-response.ts',
        code: 'const { size } = this[RANGED_RESPONSE].prepared.described;',
        instead:
          'const { exchange, prepared } = this[RANGED_RESPONSE];\n    exchange.setHeaders(prepared.plan.headers, []);\n    const { size } = prepared.described;',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'the stream of an answer yields the range without its head',
    edits: [
      {
        file: 'answer.ts',
        code: 'if (stream.isCarrying)',
        instead: 'if (!stream.destroyed || stream.isCarrying)',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'a stream ends when its transfer begins',
    edits: [
      {
        file: 'answer.ts',
        code: 'commit(exchange, plan, declared, isWrittenNext);',
        instead: 'commit(exchange, plan, declared, isWrittenNext);\n    stream?.close(true);',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'replies share the stream of a RangedFile',
    edits: [
      {
        file: 'ranged-file.ts',
        code: 'this.whole === undefined || this.whole.isTaken',
        instead: 'this.whole === undefined',
      },
      {
        file: 'ranged-file.ts',
        code: 'this.whole = undefined;',
        instead: '',
      },
      {
        file: 'whole-file-stream.ts',
        code: 'if (this.isTaken) return',
        instead: 'if (this.destroyed) return',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'what a subclass of StreamableFile says of itself is not heard',
    edits: [
      {
        file: 'streamable-source.ts',
        code: '{ disposition, ...headers } = file.getHeaders();',
        instead: '{ disposition, ...headers } = file.options;',
      },
    ],
    specs: ['nest'],
  },
  {
    name: 'a method is looked up by the name of its function',
    edits: [
      {
        file: 'method-name.ts',
        code: 'if (found !== undefined) return found.name;',
        instead: '',
      },
    ],
    only: 'a function without a name, for the interceptor',
    specs: ['wrapped-methods'],
  },
  {
    name: 'a promise that somebody awaits is taken for forgotten',
    edits: [
      {
        file: 'awaited-promise.ts',
        code: 'this.isAwaited = true;',
        instead: '',
      },
    ],
    specs: ['forgotten-send'],
  },
  {
    name: 'a file that leaves without ranges is not told of',
    edits: [
      {
        file: 'adapter-reply.ts',
        code: 'unranged.warn(exchange, body.rangedOptions)',
        instead: 'void 0',
      },
    ],
    specs: ['unranged-files'],
  },
  {
    name: 'JSON shows the insides of a file',
    edits: [
      {
        file: 'not-json.ts',
        code: 'throw new TypeError(message);',
        instead: 'return message;',
      },
    ],
    specs: ['json-of-files'],
  },
  {
    name: 'a failure that nobody awaits ends the process',
    edits: [
      {
        file: 'awaited-promise.ts',
        code: 'promise.tolerate();',
        instead: '',
      },
    ],
    specs: ['forgotten-send'],
  },
  {
    name: 'a RangedFile that is replied with by itself has no name',
    edits: [
      {
        file: 'ranged-file.ts',
        code: 'if (filename === undefined && disposition === undefined) return ofType;',
        instead: 'return ofType;',
      },
    ],
    specs: ['ranged-file'],
  },
  {
    name: 'a RangedFile that is replied with by itself has no type',
    edits: [
      {
        file: 'ranged-file.ts',
        code: 'const ofType = type === undefined ? {} : { type };',
        instead: 'const ofType = {};',
      },
    ],
    specs: ['ranged-file'],
  },
  {
    name: 'a RangedFile that is replied with by itself has none of the headers of its source',
    edits: [
      {
        file: 'whole-file-stream.ts',
        code: 'exchange.setHeaders(headers, []);',
        instead: 'exchange.setHeaders({}, []);',
      },
    ],
    specs: ['foreign-hands', 'nest'],
  },
  {
    name: 'a missing RangedFile that is replied with by itself is a 400',
    edits: [{ file: 'ranged-file.ts', code: 'this.setErrorHandler(answerFailure);', instead: '' }],
    specs: ['foreign-hands', 'nest'],
  },
  {
    name: 'a missing RangedFile that is replied with by itself is a fault of the server',
    edits: [{ file: 'whole-file-stream.ts', code: 'super.fail(exception);', instead: 'super.fail(error);' }],
    specs: ['foreign-hands', 'nest'],
  },
  {
    name: 'an answer can be sent twice',
    edits: [{ file: 'answer.ts', code: 'if (this.isSent) return this.refuse(ALREADY_SENT);', instead: '' }],
    specs: ['foreign-hands'],
  },
  {
    name: 'a stream that was read by somebody is sent from where he left it',
    edits: [
      {
        file: 'answer.ts',
        code: 'if (stream?.isOpened === true && this.isOnlyReadableOnce) throw new TypeError(ALREADY_READ);',
        instead: '',
      },
    ],
    specs: ['foreign-hands'],
  },
  {
    name: 'a file that refuses ranges is warned about',
    edits: [
      {
        file: 'unranged-warning.ts',
        code: '|| options?.acceptRanges === false',
        instead: '',
      },
    ],
    only: 'express',
    specs: ['unranged-files'],
  },
  {
    name: 'the parser of one request is kept for all',
    edits: [
      {
        file: 'parser-of-request.ts',
        code: 'return shared ?? scopedParser(moduleRef, request);',
        instead: 'return shared ?? scopedParser(moduleRef, request).then((parser) => (shared = parser));',
      },
    ],
    only: 'express',
    specs: ['parser-scopes'],
  },
  {
    name: "a parser's request lacks the payload of its tenant",
    edits: [
      {
        file: 'parser-of-request.ts',
        code: 'Object.assign(request, payload)',
        instead: 'request',
      },
    ],
    only: 'express',
    specs: ['parser-scopes'],
  },
  {
    name: 'a reply that the app has hijacked gets the head of a file',
    edits: [
      {
        file: 'answer.ts',
        code: 'if (exchange.isTaken) return this.abandon();',
        instead: '',
      },
    ],
    specs: ['taken-over'],
  },
  {
    name: 'a reply that the app has hijacked gets the head of a 416',
    edits: [
      {
        file: 'range.responder.ts',
        code: 'if (exchange.isTaken) return new Answer(exchange, prepared, events);',
        instead: '',
      },
    ],
    specs: ['taken-over'],
  },
];
