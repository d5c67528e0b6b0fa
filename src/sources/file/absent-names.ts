/** How long a missing name is not looked up again, in ms. */
const ABSENT_FOR_MS = 1000;

/** Beyond this number, all names are forgotten at once. */
const MOST_NAMES = 10_000;

/** Names that were recently looked up and did not exist. */
export class AbsentNames {
  /** Time of the lookup by name, in ms of `performance.now()`. */
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
