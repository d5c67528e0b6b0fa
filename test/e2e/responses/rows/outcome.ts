/** Field lines of a request. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** What a request is answered with. Positions are inclusive. */
export type Outcome =
  | { readonly kind: 'whole' }
  | { readonly kind: 'partial'; readonly range: Positions }
  | { readonly kind: 'parts'; readonly ranges: readonly Positions[] }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'precondition-failed' }
  | { readonly kind: 'not-satisfiable' };

export type Positions = readonly [firstPos: number, lastPos: number];

/** A sentence, the request's fields, and the outcome. */
export type Row = readonly [sentence: string, headers: HeaderLines, outcome: Outcome];

export const whole: Outcome = { kind: 'whole' };
export const notModified: Outcome = { kind: 'not-modified' };
export const preconditionFailed: Outcome = { kind: 'precondition-failed' };
export const notSatisfiable: Outcome = { kind: 'not-satisfiable' };
export const partial = (...range: Positions): Outcome => ({ kind: 'partial', range });
export const parts = (...ranges: Positions[]): Outcome => ({ kind: 'parts', ranges });

export const range = (value: string): HeaderLines => [['Range', value]];
