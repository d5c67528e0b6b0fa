import { describe, expect, it } from '@jest/globals';
import { LogInterval } from '../../src/observability/log-interval.js';

describe('LogInterval', () => {
  it('lets the first message of each interval through', () => {
    let now = 5;
    const interval = new LogInterval(60_000, () => now);
    const begun = [5, 6, 60_004, 60_005, 60_006, 200_000].map((time) => {
      now = time;
      return interval.begin();
    });
    expect(begun).toEqual([true, false, false, true, false, true]);
  });
});
