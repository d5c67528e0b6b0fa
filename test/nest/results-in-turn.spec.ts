import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { concatMap, from, Observable, of, Subject } from 'rxjs';
import { inTurn, Pending } from '../../src/nest/routes/results-in-turn.js';

/** What a value is made into, and what happens next to the source of the values. */
type Step =
  | { readonly kind: 'value'; readonly made: 'at once' | 'later' | 'throws' | 'rejects' }
  | { readonly kind: 'turn' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'error' }
  | { readonly kind: 'unsubscribe' };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('value' as const),
      made: fc.constantFrom(...(['at once', 'at once', 'later', 'later', 'throws', 'rejects'] as const)),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...(['complete', 'error', 'unsubscribe'] as const)).map((kind) => ({ kind })),
  },
);

interface Value {
  readonly number: number;
  readonly made: 'at once' | 'later' | 'throws' | 'rejects';
}

function made({ number, made: how }: Value): number | Promise<number> {
  if (how === 'throws') throw new Error(`thrown ${number}`);
  if (how === 'rejects') return Promise.reject(new Error(`rejected ${number}`));
  return how === 'later' ? Promise.resolve(number) : number;
}

/** What a subscriber gets, and at which step. */
async function record(
  steps: readonly Step[],
  operate: (values: Observable<Value>) => Observable<number>,
): Promise<string[]> {
  const events: string[] = [];
  const values = new Subject<Value>();
  let at = 0;
  const note = (event: string): void => void events.push(`${at}: ${event}`);
  const subscription = operate(values).subscribe({
    next: (value) => note(String(value)),
    error: (error: Error) => note(error.message),
    complete: () => note('complete'),
  });
  for (const step of [...steps, { kind: 'turn' } as const]) {
    at++;
    if (step.kind === 'value') values.next({ number: at, made: step.made });
    else if (step.kind === 'turn') await new Promise((resolve) => setImmediate(resolve));
    else if (step.kind === 'complete') values.complete();
    else if (step.kind === 'error') values.error(new Error('of the source'));
    else subscription.unsubscribe();
  }
  return events;
}

describe('inTurn()', () => {
  it('emits what concatMap() does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 12 }), async (steps) => {
        const ours = record(steps, (values) =>
          inTurn(values, (value) => {
            const result = made(value);
            return typeof result === 'number' ? result : new Pending(result, () => {});
          }),
        );
        const theirs = record(steps, (values) =>
          values.pipe(
            concatMap((value) => {
              const result = made(value);
              return typeof result === 'number' ? of(result) : from(result);
            }),
          ),
        );
        expect(await ours).toEqual(await theirs);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['its subscriber leaves', (_: Subject<number>, leave: () => void) => leave()],
    ['its source fails', (values: Subject<number>) => values.error(new Error('of the source'))],
  ])('abandons a value that is still pending when %s', (_, end) => {
    const values = new Subject<number>();
    let abandoned = 0;
    const pending = new Pending<number>(new Promise(() => {}), () => abandoned++);
    const subscription = inTurn(values, () => pending).subscribe({ error: () => {} });
    values.next(1);
    expect(abandoned).toBe(0);
    end(values, () => subscription.unsubscribe());
    expect(abandoned).toBe(1);
  });

  it('abandons nothing that was emitted', async () => {
    let abandoned = 0;
    const pending = new Pending(Promise.resolve(1), () => abandoned++);
    const received = await new Promise((resolve) => inTurn(of(1), () => pending).subscribe(resolve));
    expect([received, abandoned]).toEqual([1, 0]);
  });

  it('makes nothing of the values after one that has failed', () => {
    const projected: number[] = [];
    const failing = inTurn(from([1, 2]), (value) => {
      projected.push(value);
      throw new Error('hostile');
    });
    failing.subscribe({ error: () => {} });
    expect(projected).toEqual([1]);
  });

  it('leaves its source when the subscriber leaves', () => {
    let isLeft = false;
    const values = new Observable<number>(() => () => (isLeft = true));
    inTurn(values, (value) => value)
      .subscribe()
      .unsubscribe();
    expect(isLeft).toBe(true);
  });
});
