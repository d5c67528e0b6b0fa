/** Counts what arrives, and lets others wait for it. */
export class ByteCount {
  private count = 0;
  private isEnded = false;
  private readonly waiting = new Set<{ readonly length: number; readonly resolve: () => void }>();

  add(bytes: number): void {
    this.count += bytes;
    this.wake();
  }

  /** Nothing more will come. */
  end(): void {
    this.isEnded = true;
    this.wake();
  }

  /** Resolves when at least so many have come, or when no more will. */
  async reached(length: number): Promise<void> {
    if (!this.isReached(length)) await new Promise<void>((resolve) => this.waiting.add({ length, resolve }));
  }

  private isReached(length: number): boolean {
    return this.isEnded || this.count >= length;
  }

  private wake(): void {
    for (const { length, resolve } of this.waiting) if (this.isReached(length)) resolve();
  }
}
