export const ranges = [
  {
    name: 'a last position behind the end is not clamped',
    edits: [
      {
        file: 'select-ranges.ts',
        code: 'lastPos: Math.min(lastPos, size - 1) };',
        instead: 'lastPos };',
      },
    ],
    specs: ['hostile-headers'],
  },
  {
    name: 'members of a range set are not counted',
    edits: [
      {
        file: 'range-header.ts',
        code: 'members.push(member) > MAX_MEMBERS',
        instead: 'members.push(member) > MAX_MEMBERS * 1000',
      },
    ],
    specs: ['hostile-headers'],
  },
  {
    name: 'a multipart body begins with its delimiter',
    edits: [
      {
        file: 'response-plan.ts',
        code: "const text = heads[i] ?? '';",
        instead: "const text = i === 0 ? (heads[i] ?? '').trimStart() : (heads[i] ?? '');",
      },
    ],
    specs: ['hostile-headers'],
  },
  {
    name: 'If-Range is satisfied by a weak tag',
    edits: [
      {
        file: 'if-range.ts',
        code: 'strongMatch(requested, current)',
        instead: '(requested.opaque === current.opaque || strongMatch(requested, current))',
      },
    ],
    specs: ['hostile-headers'],
  },
  {
    name: 'a range waits for the size, though its If-Range is stale',
    edits: [
      {
        file: 'depends-on-size.ts',
        code: 'if (!mayHold) return false;',
        instead: '',
      },
    ],
    specs: ['depends-on-size'],
  },
  {
    name: 'a HEAD waits for the size, though its entity tag decides',
    edits: [
      {
        file: 'depends-on-size.ts',
        code: "if (evaluatePreconditions(request, representation, receivedAt) !== 'proceed') return false;",
        instead: '',
      },
    ],
    specs: ['depends-on-size'],
  },
];
