import type { Contender } from '../contenders.js';

/** Bytes of the file that is served; the first is 0. */
export interface Slice {
  readonly firstPos: number;
  readonly length: number;
}

/** What a server must answer. */
export type Expected =
  | { readonly kind: 'empty'; readonly status: 200 | 304 }
  | { readonly kind: 'slice'; readonly status: 200 | 206; readonly slice: Slice }
  | { readonly kind: 'parts'; readonly status: 206; readonly slices: readonly Slice[] };

/** A GET with one field at the most, and its answer. */
export interface Exchange {
  readonly header?: readonly [name: string, value: string];
  readonly expected: Expected;
}

/** A request for slices of the file: none for the whole of it. */
export function slicesOf(slices: readonly Slice[]): Exchange {
  const [slice] = slices;
  const value = slices.map(({ firstPos, length }) => `${firstPos}-${firstPos + length - 1}`).join(',');
  return {
    header: ['Range', `bytes=${value}`],
    expected:
      slices.length === 1 && slice !== undefined
        ? { kind: 'slice', status: 206, slice }
        : { kind: 'parts', status: 206, slices },
  };
}

/** The bytes of a file that an answer carries, without what stands around them. */
export function contentLength(expected: Expected): number {
  switch (expected.kind) {
    case 'empty':
      return 0;
    case 'slice':
      return expected.slice.length;
    case 'parts':
      return expected.slices.reduce((sum, { length }) => sum + length, 0);
  }
}

/** What a contender answers: two of them do not look at the request. */
export function expectedOf(contender: Contender, { expected }: Exchange): Expected {
  if (contender.route === 'floor') return { kind: 'empty', status: 200 };
  if (contender.route !== 'limit') return expected;
  return { kind: 'slice', status: 206, slice: { firstPos: 0, length: contentLength(expected) } };
}
