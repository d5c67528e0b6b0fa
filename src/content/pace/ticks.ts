import { LONGEST_DELAY_MS } from '../../sources/options/check-options.js';

/** Turns begin at multiples of this time, in ms, so that the process wakes once for many responses. */
const TICK_MS = 50;

/** The turns of each tick to come, by its number. */
const turns = new Map<number, Set<() => void>>();
/** One for all: each response's own would cost a fifth of what 1,000 limited responses do. */
let timer: NodeJS.Timeout | undefined;
/** The tick for which it is set. */
let awaited = Infinity;

/** Calls `begin` at the first tick after `ms`. Returns a function that cancels this. */
export function atTickAfter(ms: number, begin: () => void): () => void {
  const tick = Math.ceil((performance.now() + ms) / TICK_MS);
  const due = turns.get(tick) ?? new Set();
  turns.set(tick, due);
  due.add(begin);
  if (tick < awaited) wake(tick);
  return () => {
    due.delete(begin);
    if (due.size === 0 && turns.get(tick) === due) turns.delete(tick);
    if (turns.size === 0) rest();
  };
}

function wake(tick: number): void {
  clearTimeout(timer);
  awaited = tick;
  const delayMs = Math.ceil(tick * TICK_MS - performance.now());
  timer = setTimeout(beginDue, Math.min(Math.max(1, delayMs), LONGEST_DELAY_MS));
}

function rest(): void {
  clearTimeout(timer);
  awaited = Infinity;
}

function beginDue(): void {
  awaited = Infinity;
  const now = performance.now() / TICK_MS;
  for (const [tick, due] of turns) {
    if (tick > now) continue; // timers may be early
    turns.delete(tick);
    for (const begin of due) begin();
  }
  const next = Math.min(...turns.keys());
  if (next < awaited) wake(next);
}
