import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Roster } from '../../src/exchange/roster.js';

describe('Roster', () => {
  it('lists the members that have not left', () => {
    const roster = new Roster<{ name: string }>();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name }));
    const places = [a, b, c].map((member) => roster.enter(member!));
    roster.leave(places[1]!, b!);
    expect([...roster]).toEqual([a, c]);
    expect(roster.size).toBe(2);
  });

  it('gives the place of a member that has left to the next', () => {
    const roster = new Roster<object>();
    const first = {};
    const place = roster.enter(first);
    roster.leave(place, first);
    expect(roster.enter({})).toBe(place);
    expect(roster.size).toBe(1);
  });

  it('keeps the member that has taken a place when its former one leaves again', () => {
    const roster = new Roster<object>();
    const former = {};
    const next = {};
    const place = roster.enter(former);
    roster.leave(place, former);
    roster.enter(next);
    roster.leave(place, former);
    expect([...roster]).toEqual([next]);
  });

  it('is empty when cleared, whoever leaves afterwards', () => {
    const roster = new Roster<object>();
    const member = {};
    const place = roster.enter(member);
    roster.clear();
    roster.leave(place, member);
    expect([...roster]).toEqual([]);
    expect(roster.size).toBe(0);
    expect(roster.enter(member)).toBe(0);
  });

  it('keeps nobody who has left alive until the next major garbage collection', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
    const roster = new Roster<number[]>();
    const inside: (readonly [place: number, member: number[]])[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < (round * 7) % 40; i++) {
        const member = Array.from({ length: 1000 }, () => 0.5); // 8 KB
        inside.push([roster.enter(member), member]);
      }
      for (const [place, member] of inside.splice(0)) roster.leave(place, member);
      collect({ type: 'minor' });
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000); // of 47 MB; a Map keeps 43 MB
  });
});
