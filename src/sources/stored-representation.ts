import type { ByteRange } from '../http/byte-range.js';
import { checkAnswer } from './check-answer.js';
import type { Bytes, Representation } from './source.js';
import type { ObjectMetadata, Store } from './store.js';
import { StoreContent } from './store-content.js';
import { type Wait, withinTime } from './within-time.js';

/** One version of an object in a store, as long as a response needs it. */
export class StoredRepresentation implements Representation {
  readonly size: number;
  readonly type: string | undefined;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  readonly fields: Readonly<Record<string, string>> | undefined;
  private content: StoreContent | undefined;

  /** @param failure what to throw for an error, unless nobody waits for it any more */
  constructor(
    private readonly store: Store,
    /** Learns the tag of the first answer where it had none: the ranges of one response are of one version. */
    private known: ObjectMetadata,
    private readonly wait: Wait,
    private readonly failure: (error: unknown) => unknown,
  ) {
    this.size = known.size;
    this.type = known.type;
    this.etag = known.etag;
    this.lastModified = known.lastModified;
    this.fields = known.fields;
  }

  async open(range: ByteRange | undefined, signal: AbortSignal): Promise<Bytes> {
    if (this.size === 0) return nothing(); // there is no range that a store could be asked for
    const toThrow = (error: unknown): unknown => (signal.aborted ? error : this.failure(error));
    try {
      this.content = await this.ask(range ?? { firstPos: 0, lastPos: this.size - 1 }, signal, toThrow);
      return this.content;
    } catch (error) {
      throw toThrow(error);
    }
  }

  close(): void {
    this.content?.destroy();
  }

  private async ask(
    range: ByteRange,
    signal: AbortSignal,
    toThrow: (error: unknown) => unknown,
  ): Promise<StoreContent> {
    const answer = await withinTime(
      this.wait,
      signal,
      (within) => this.store.read(range, this.known, within),
      ({ body }) => void body.destroy(),
    );
    const content = new StoreContent(answer.body, this.wait, toThrow);
    try {
      checkAnswer(this.store.name, answer, range, this.known);
    } catch (error) {
      content.destroy();
      throw error;
    }
    if (answer.etag !== undefined) this.known = { ...this.known, etag: answer.etag };
    return content;
  }
}

async function* nothing(): Bytes {}
