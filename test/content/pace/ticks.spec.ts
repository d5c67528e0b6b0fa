import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { atTickAfter } from '../../../src/content/pace/ticks.js';

let begun: string[];
let cancels: (() => void)[];
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
  jest.advanceTimersByTime(1000 - (performance.now() % 1000)); // to a tick
  begun = [];
  cancels = [];
});
afterEach(() => {
  for (const cancel of cancels) cancel();
  jest.useRealTimers();
});

const turn = (name: string, ms: number): number => cancels.push(atTickAfter(ms, () => begun.push(name)));

describe('turns', () => {
  it('of a thousand responses need one timer, and those of a tick begin together', () => {
    for (let i = 0; i < 1000; i++) turn(String(i), 1 + (i % 1000));
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(49);
    expect(begun).toEqual([]);
    for (let ms = 50; ms <= 1000; ms += 50, jest.advanceTimersByTime(50)) {
      jest.advanceTimersByTime(ms === 50 ? 1 : 0);
      expect(begun).toHaveLength(ms);
      expect(jest.getTimerCount()).toBe(ms === 1000 ? 0 : 1);
    }
  });

  it.each([
    ['an earlier one behind a later', ['late', 900], ['early', 20]],
    ['a later one behind an earlier', ['early', 20], ['late', 900]],
  ] as const)('begin in their order: %s', (_, [first, firstMs], [second, secondMs]) => {
    turn(first, firstMs);
    turn(second, secondMs);
    jest.advanceTimersByTime(50);
    expect(begun).toEqual(['early']);
    jest.advanceTimersByTime(850);
    expect(begun).toEqual(['early', 'late']);
  });

  it('do not begin once they are cancelled, and others do', () => {
    turn('first', 20);
    turn('second', 20);
    turn('third', 70);
    cancels[0]?.();
    jest.advanceTimersByTime(50);
    expect(begun).toEqual(['second']);
    cancels[2]?.();
    expect(jest.getTimerCount()).toBe(0);
    turn('fourth', 30);
    jest.advanceTimersByTime(50);
    expect(begun).toEqual(['second', 'fourth']);
  });

  it('may take another turn when they begin', () => {
    cancels.push(atTickAfter(20, () => turn('next', 50)));
    jest.advanceTimersByTime(99);
    expect(begun).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(begun).toEqual(['next']);
  });

  it('may be months away', () => {
    turn('far', 2 ** 31);
    jest.advanceTimersByTime(1000);
    expect(begun).toEqual([]);
    cancels[0]?.();
    expect(jest.getTimerCount()).toBe(0);
  });
});
