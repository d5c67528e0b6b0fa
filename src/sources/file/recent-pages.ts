/** The kernel keeps files in memory by pages of this size, in bytes. */
const PAGE = 4096;
/** Pages in a segment, a bit each: 4 KiB for 128 MiB of the file. */
const SEGMENT = 32_768;
/** Memory of a file's pages is bounded; beyond it, all are forgotten. */
const MOST_SEGMENTS = 64;

/** A page is remembered for this long after its last read, in ms, and for twice as long at the most. */
const MOMENT_MS = 30_000;

/** The pages of a file that were read a moment ago, which are therefore most likely still in memory. */
export class RecentPages {
  private recent = new PageSet();
  private older = new PageSet();
  private turnedAt = performance.now();

  /** Whether all pages of a range were read a moment ago. */
  has(firstPos: number, length: number): boolean {
    this.turn();
    for (let page = pageOf(firstPos); page <= pageOf(firstPos + length - 1); page++) {
      if (!this.recent.has(page) && !this.older.has(page)) return false;
    }
    return true;
  }

  /** Remembers a range that was read. */
  add(firstPos: number, length: number): void {
    this.turn();
    for (let page = pageOf(firstPos); page <= pageOf(firstPos + length - 1); page++) this.recent.add(page);
  }

  private turn(): void {
    const age = performance.now() - this.turnedAt;
    if (age < MOMENT_MS) return;
    this.older = age < 2 * MOMENT_MS ? this.recent : new PageSet();
    this.recent = new PageSet();
    this.turnedAt += age;
  }
}

class PageSet {
  private readonly segments = new Map<number, Uint8Array>();

  has(page: number): boolean {
    const bits = this.segments.get(Math.floor(page / SEGMENT))?.[(page % SEGMENT) >> 3] ?? 0;
    return (bits & (1 << (page & 7))) !== 0;
  }

  add(page: number): void {
    const index = Math.floor(page / SEGMENT);
    let segment = this.segments.get(index);
    if (segment === undefined) {
      if (this.segments.size === MOST_SEGMENTS) this.segments.clear();
      segment = new Uint8Array(SEGMENT / 8);
      this.segments.set(index, segment);
    }
    const at = (page % SEGMENT) >> 3;
    segment[at] = (segment[at] ?? 0) | (1 << (page & 7));
  }
}

function pageOf(position: number): number {
  return Math.floor(position / PAGE);
}
