/** A name that was not there is not looked up again for this time, in ms. */
const ABSENT_FOR_MS = 1000;

/** More than this many are forgotten all at once. */
const MOST_NAMES = 10_000;

/** Names that were not there a moment ago. */
export class AbsentNames {
  /** By name: when it was looked up, by `performance.now()`, in ms. */
  private readonly lookedUpAt = new Map<string, number>();

  has(name: string): boolean {
    const lookedUpAt = this.lookedUpAt.get(name);
    return lookedUpAt !== undefined && performance.now() - lookedUpAt < ABSENT_FOR_MS;
  }

  add(name: string): void {
    if (this.lookedUpAt.size >= MOST_NAMES) this.lookedUpAt.clear();
    this.lookedUpAt.set(name, performance.now());
  }
}
