export const transfers = [
  {
    name: 'a surplus of the source is not noticed',
    edits: [
      {
        file: 'exact-length.ts',
        code: 'if (chunk.byteLength > this.remaining) {',
        instead: 'if (chunk.byteLength > Infinity) {',
      },
    ],
    only: 'breaks off after the head',
    specs: ['lifetime'],
  },
  {
    name: 'an early end of the source is not noticed',
    edits: [
      {
        file: 'exact-length.ts',
        code: 'this.length !== undefined && this.remaining > 0',
        instead: 'this.length !== undefined && this.remaining < 0',
      },
      {
        file: 'send-content.ts',
        code: 'if (unsent !== Infinity && unsent !== 0) throw',
        instead: 'if (unsent < 0) throw',
      },
    ],
    only: 'breaks off after the head',
    specs: ['lifetime'],
  },
  {
    name: 'nobody watches for the end of the response',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: "response.once('close', close);",
        instead: '',
      },
    ],
    only: 'while resolve is pending has its source told',
    specs: ['lifetime'],
  },
  {
    name: 'pipelined responses do not wait for their turn',
    edits: [
      {
        file: 'connection-turn.ts',
        code: 'return response.socket === null;',
        instead: 'return response.socket === undefined;',
      },
    ],
    only: 'open nothing before their turn',
    specs: ['lifetime'],
  },
  {
    name: 'the version in a request line is taken for that of the connection',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: 'this.isHttp2 = isHttp2(response);',
        instead: 'this.isHttp2 = isHttp2(response) || request.httpVersionMajor > 1;',
      },
    ],
    specs: ['request-versions'],
  },
  {
    name: 'a silent source is waited for',
    edits: [
      {
        file: 'negotiation.ts',
        code: 'if (sourceTimeoutMs === 0) return undefined;',
        instead: 'if (sourceTimeoutMs >= 0) return undefined;',
      },
    ],
    only: 'before its first bytes: 504',
    specs: ['silent-sources'],
  },
  {
    name: 'memory is used again that a connection in memory holds',
    edits: [
      {
        file: 'kernel-writes.ts',
        code: 'areShipped(socket, SOCKET_METHODS) && isOfKernel(socket)',
        instead: '(isOfKernel(socket) || socket !== null)',
      },
    ],
    only: 'a connection that is a Duplex',
    specs: ['held-memory'],
  },
  {
    name: 'memory is used again that somebody before the response holds',
    edits: [
      {
        file: 'kernel-writes.ts',
        code: 'const result = code.test(Function.prototype.toString.call(method));',
        instead: 'const result = code !== undefined;',
      },
    ],
    only: 'patche',
    specs: ['held-memory'],
  },
  {
    name: 'memory is used again before it has left',
    edits: [
      {
        file: 'send-content.ts',
        code: '    const hasRoom = writer.write(chunk, (error) => {',
        instead: '    chunkPool.release(chunk);\n    const hasRoom = writer.write(chunk, (error) => {',
      },
    ],
    specs: ['transports'],
  },
  {
    name: 'a failure after the head ends the response as if it were whole',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: 'response.destroy();\n',
        instead: 'response.end();\n',
      },
    ],
    only: 'breaks off after the head',
    specs: ['lifetime'],
  },
  {
    name: 'what cuts off a connection over TCP throws on any other',
    edits: [
      {
        file: 'cut-connection.ts',
        code: 'if (below !== undefined && !isSendingFin(below)) below.resetAndDestroy();',
        instead: '(connection as Socket).resetAndDestroy();',
      },
      {
        file: 'response-lifetime.ts',
        code: 'destroyAsShipped(this.request.socket);',
        instead: "throw new Error('it cannot be cut');",
      },
    ],
    specs: ['cuts'],
  },
  {
    name: 'a connection over TLS is closed as if all of it had been sent',
    edits: [
      {
        file: 'cut-connection.ts',
        code: "connection instanceof TLSSocket ? Reflect.get(connection, '_parent') : connection",
        instead: 'connection instanceof TLSSocket ? undefined : connection',
      },
    ],
    only: 'TLS, HTTP/1.0',
    specs: ['cuts'],
  },
  {
    name: 'a connection that is a stream of the app is closed as if all of it had been sent',
    edits: [{ file: 'cut-connection.ts', code: 'connection.destroy(reset());', instead: 'connection.destroy();' }],
    only: 'Duplex, HTTP/1.0',
    specs: ['cuts'],
  },
  {
    name: 'a client of HTTP/1.0 takes what it got for the whole',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: 'if (isDelimitedByClose(response) && response.socket !== null) cutConnection(response.socket);',
        instead: '',
      },
    ],
    only: 'HTTP/1.0',
    specs: ['cuts'],
  },
  {
    name: 'a stream of HTTP/2 that breaks off is closed without an error',
    edits: [
      { file: 'response-lifetime.ts', code: "destroy(new Error('the response was cut off'))", instead: 'destroy()' },
    ],
    only: 'HTTP/2',
    specs: ['cuts'],
  },
  {
    name: 'a failure ends the whole session of HTTP/2',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: "return http2StreamOf(response).destroy(new Error('the response was cut off'));",
        instead: 'return this.request.socket.destroy() as never;',
      },
    ],
    specs: ['transports'],
  },
  {
    name: 'a response with methods of somebody else is not cut',
    edits: [{ file: 'response-lifetime.ts', code: 'destroyAsShipped(this.request.socket);', instead: '' }],
    only: 'replaced a method',
    specs: ['cuts'],
  },
  {
    name: 'a socket with methods of somebody else ends the process',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: 'destroyAsShipped(this.request.socket);',
        instead: 'this.request.socket.destroy();',
      },
    ],
    only: 'replaced a method',
    specs: ['cuts'],
  },
  {
    name: 'a response that cannot be cut keeps the shutdown from the others',
    edits: [
      {
        file: 'response-lifetime.ts',
        code: 'destroyAsShipped(this.request.socket);',
        instead: "throw new Error('it cannot be cut');",
      },
    ],
    only: 'the shutdown ends it',
    specs: ['cuts'],
  },
  {
    name: 'an onError that rejects ends the process',
    edits: [
      {
        file: 'range.responder.ts',
        code: '() => this.onError?.(error, { request, method, path }),',
        instead: '() => void this.onError?.(error, { request, method, path }),',
      },
    ],
    only: 'as onError or a listener',
    specs: ['callbacks'],
  },
  {
    name: 'a listener of responses that rejects ends the process',
    edits: [
      {
        file: 'observe-responses.ts',
        code: '() => listener(message as RangedResponseMessage), //',
        instead: '() => void listener(message as RangedResponseMessage), //',
      },
    ],
    only: 'as onError or a listener',
    specs: ['callbacks'],
  },
  {
    name: 'what is called quietly may throw later',
    edits: [
      {
        file: 'call-quietly.ts',
        code: 'new Promise((resolve) => resolve(call())).catch(report).catch(ignore);',
        instead: 'try {\n    call();\n  } catch (error) {\n    report(error);\n  }',
      },
    ],
    specs: ['callbacks'],
  },
  {
    name: 'what is called quietly may throw at once',
    edits: [
      {
        file: 'call-quietly.ts',
        code: 'new Promise((resolve) => resolve(call())).catch(report).catch(ignore);',
        instead: 'Promise.resolve(call()).catch(report).catch(ignore);',
      },
    ],
    specs: ['callbacks'],
  },
  {
    name: 'a report that fails itself ends the process',
    edits: [{ file: 'call-quietly.ts', code: '.catch(report).catch(ignore);', instead: '.catch(report);' }],
    specs: ['callbacks'],
  },
  {
    name: 'a close() that rejects ends the process',
    edits: [{ file: 'content-reader.ts', code: 'this.close().catch(() => {});', instead: 'void this.close();' }],
    only: 'part of a source: close',
    specs: ['callbacks'],
  },
  {
    name: 'a release that fails ends the process',
    edits: [{ file: 'range.responder.ts', code: 'content.release().catch(report)', instead: 'content.release()' }],
    only: 'part of a source',
    specs: ['callbacks'],
  },
  {
    name: 'what a parser gives is not looked at',
    edits: [
      {
        file: 'serving-policies.ts',
        code: 'checkedRangeSet(parser.parse(headerValue))',
        instead: 'parser.parse(headerValue)',
      },
    ],
    only: 'as a parser',
    specs: ['callbacks'],
  },
  {
    name: 'the shutdown waits for what is never released',
    edits: [
      {
        file: 'shutdown.ts',
        code: 'if (await settlesWithin(Math.max(this.deadline - performance.now(), RELEASE_MS), released)) return;',
        instead: 'await released;',
      },
    ],
    only: 'generator ignores its signal',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown waits for sources that have not answered',
    edits: [{ file: 'running-responses.ts', code: 'this.negotiating.clear();', instead: '' }],
    only: 'ends in time',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown does not cut those whose source has not answered',
    edits: [
      {
        file: 'running-responses.ts',
        code: 'new Set([...this.running, ...this.negotiating])',
        instead: 'new Set(this.running)',
      },
    ],
    only: 'ends in time',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown cuts the first transfer alone',
    edits: [{ file: 'running-responses.ts', code: 'exchange.close(); // Node.js', instead: 'break; // Node.js' }],
    only: 'over TCP',
    specs: ['cuts'],
  },
  {
    name: 'the shutdown does not report sources still open',
    edits: [
      {
        file: 'shutdown.ts',
        code: 'this.warn(`sources still open',
        instead: 'void (`sources still open',
      },
    ],
    only: 'ends in time',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown says nothing of transfers that it cuts',
    edits: [{ file: 'shutdown.ts', code: 'if (count > 0) this.warn', instead: 'if (count < 0) this.warn' }],
    only: 'ends in time',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown cuts transfers at once',
    edits: [
      {
        file: 'shutdown.ts',
        code: 'setTimeout(() => this.cut(), this.timeoutMs).unref()',
        instead: 'setTimeout(() => this.cut(), 0).unref()',
      },
    ],
    only: 'lets a running transfer',
    specs: ['shutdown'],
  },
  {
    name: 'a connection that has been served keeps the server open',
    edits: [{ file: 'running-responses.ts', code: 'if (this.isDraining) exchange.endConnection();', instead: '' }],
    only: 'lets a running transfer',
    specs: ['shutdown'],
  },
  {
    name: 'the shutdown waits for no release',
    edits: [
      {
        file: 'shutdown.ts',
        code: 'this.running.allReleased().then(() => fileHandles.closeIdle())',
        instead: 'fileHandles.closeIdle()',
      },
    ],
    only: 'waits for what a response',
    specs: ['shutdown'],
  },
  {
    name: 'descriptors stay open after the shutdown',
    edits: [
      {
        file: 'shutdown.ts',
        code: 'this.running.allReleased().then(() => fileHandles.closeIdle())',
        instead: 'this.running.allReleased()',
      },
    ],
    only: 'closes the descriptors',
    specs: ['shutdown'],
  },
  {
    name: 'chunks may be larger than the largest there are',
    edits: [
      {
        file: 'range-module.options.ts',
        code: 'chunkSize: upTo(LARGEST_CHUNK)',
        instead: 'chunkSize: upTo(2 ** 53 - 1)',
      },
    ],
    only: 'chunkSize',
    specs: ['numeric-options'],
  },
  {
    name: 'chunks are as large as a reader likes',
    edits: [
      {
        file: 'file-reader.ts',
        code: 'return Math.min(isSlow ? SMALLEST : this.size * 2, largest);',
        instead: 'return isSlow ? SMALLEST : this.size * 2;',
      },
    ],
    only: 'express',
    specs: ['numeric-options'],
  },
  {
    name: 'times may be longer than timers can wait',
    edits: [
      { file: 'ranged-options.ts', code: '  sourceTimeoutMs: delay(0),', instead: '  sourceTimeoutMs: count,' },
      { file: 'range-module.options.ts', code: 'orInfinity(delay(0))', instead: 'orInfinity(count)' },
    ],
    only: 'TimeoutMs',
    specs: ['numeric-options'],
  },
  {
    name: 'an endless shutdown is a timer of no time',
    edits: [{ file: 'shutdown.ts', code: 'if (this.timeoutMs === Infinity) return;', instead: '' }],
    specs: ['numeric-options', 'shutdown'],
  },
  {
    name: 'a server that closes cuts clients off in the last chunk',
    edits: [
      {
        file: 'send-content.ts',
        code: 'if (chunk.byteLength <= SMALL_CONTENT && chunk.byteLength === content.length) {',
        instead: 'if (chunk.byteLength > 0) {',
      },
    ],
    only: 'paused in',
    specs: ['shutdown'],
  },
  {
    name: 'others write between the bytes of a patched response',
    edits: [{ file: 'sole-writer.ts', code: 'if (this.isHeadSent) this.keepWrites();', instead: '' }],
    only: 'writes to it',
    specs: ['ended-by-others'],
  },
  {
    name: 'a patched method that throws under a pipe ends the process',
    edits: [
      {
        file: 'sole-writer.ts',
        code: '      this.fail(error);\n      this.response.destroy();',
        instead: '      throw error;\n      this.response.destroy();',
      },
    ],
    only: 'express',
    specs: ['throwing-methods'],
  },
  {
    name: 'a head that cannot be written is a rejection that nobody handles',
    edits: [
      {
        file: 'send-content.ts',
        code: '    const [next] = await Promise.all([ahead, writing.finally(() => clearTimeout(timer))]);',
        instead:
          '    void writing.then(() => clearTimeout(timer));\n    const [next] = await Promise.all([ahead, writing]);',
      },
    ],
    only: 'express',
    specs: ['throwing-methods'],
  },
  {
    name: 'each attempt listens to the end of its response anew',
    edits: [{ file: 'response-lifetime.ts', code: 'if (known !== undefined) return known;', instead: '' }],
    only: 'twenty times',
    specs: ['retried-responses'],
  },
];
