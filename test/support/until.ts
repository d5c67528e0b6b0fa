import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Long enough for a loaded machine; nothing waits for it where the condition comes true. */
const GIVE_UP_AFTER_MS = 20_000;

/** What takes more turns than this waits for something outside, and is looked at every other millisecond. */
const BUSY_TURNS = 200;

/** Turns the event loop until the condition holds: for effects that no event announces, such as a closed descriptor. */
export async function until(condition: () => boolean, description: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (let turns = 0; !condition(); turns++) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${description}`);
    await (turns < BUSY_TURNS ? nextTurn() : pause(2));
  }
}

/** Lets everything that is ready in the event loop happen: enough for an effect that must *not* come. */
export async function settle(turns = 50): Promise<void> {
  for (let i = 0; i < turns; i++) await nextTurn();
}

/** A promise with its ends in the test's hands. */
export class Gate<T = void> {
  declare readonly passed: Promise<T>;
  declare open: (value: T) => void;
  declare fail: (error: unknown) => void;

  constructor() {
    (this as { passed: Promise<T> }).passed = new Promise<T>((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
    this.passed.catch(() => {}); // whoever waits for it hears of it; nobody need
  }
}
