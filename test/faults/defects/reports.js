export const reports = [
  {
    name: 'a failure that nobody has answered counts as refused',
    edits: [{ file: 'observe-responses.ts', code: 'status >= 400 && status < 500', instead: 'status < 500' }],
    specs: ['observe-responses', 'counting'],
  },
  {
    name: 'what was written to a connection of which nobody knows more counts as sent',
    edits: [
      {
        file: 'response-report.ts',
        code: 'this.attempts.unsent?.count ?? bytesWritten;',
        instead: 'this.attempts.unsent?.count ?? 0;',
      },
    ],
    specs: ['sent-bytes'],
  },
  {
    name: 'what the kernel has not taken counts as sent',
    edits: [
      {
        file: 'unsent-bytes.ts',
        code: 'if (!isCounting(handle)) return undefined;',
        instead: 'if (isCounting(handle)) return 0;',
      },
    ],
    specs: ['observability'],
  },
  {
    name: 'records of TLS that the kernel has not taken count as sent',
    edits: [
      {
        file: 'unsent-bytes.ts',
        code: 'return areFlushed ? below.writeQueueSize : handle.writeQueueSize;',
        instead: 'return areFlushed ? 0 : handle.writeQueueSize;',
      },
    ],
    specs: ['sent-bytes'],
  },
  {
    name: 'a transfer that the client has left counts as complete',
    edits: [
      {
        file: 'response-report.ts',
        code: 'const isComplete = exchange.isSent && failure === undefined;',
        instead: 'const isComplete = failure === undefined;',
      },
    ],
    specs: ['observability'],
  },
  {
    name: 'a transfer that failed counts as one that the client has left',
    edits: [{ file: 'response-report.ts', code: "failure === undefined ? 'aborted' : 'failed'", instead: "'aborted'" }],
    specs: ['observability'],
  },
  {
    name: 'a HEAD counts the content of a GET',
    edits: [
      {
        file: 'response-report.ts',
        code: "'content' in plan && plan.content.length > 0 ? plan.contentLength : 0",
        instead: "'content' in plan ? plan.contentLength : 0",
      },
    ],
    specs: ['observability'],
  },
  {
    name: 'each attempt at a response is told of as a response',
    edits: [{ file: 'response-report.ts', code: 'if (attempts.running.size > 0) return;', instead: '' }],
    only: 'twenty times',
    specs: ['retried-responses'],
  },
];
