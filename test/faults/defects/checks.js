export const checks = [
  {
    name: 'the check of endpoints does not see what follows a message',
    edits: [
      {
        file: 'answer-reader.ts',
        code: 'if (this.isComplete) this.failure ??=',
        instead: 'if (this.isComplete) void',
      },
    ],
    specs: ['planted-faults'],
  },
  {
    name: 'the check of endpoints lets a 304 leave out what caches live by',
    edits: [
      {
        file: 'expectations.ts',
        code: 'difference(answer, of200, IDENTIFYING) ?? absence(answer, of200, DATED)',
        instead: 'absence(answer, of200, DATED)',
      },
    ],
    specs: ['planted-faults'],
  },
];
