import { type ByteRange, rangeLength } from '../../http/ranges/byte-range.js';
import type { Bytes, Representation } from '../source.js';
import { destroyQuietly } from '../stream/releasable-bytes.js';
import { checkAnswer } from './check-answer.js';
import { sendableTag } from './sendable-metadata.js';
import { StoreContent } from './store-content.js';
import type { ObjectMetadata, Store } from './store.js';
import { type Wait, withinTime } from './within-time.js';

/** One version of an object in a store, for one response. */
export class StoredRepresentation implements Representation {
  readonly size: number;
  readonly type: string | undefined;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  private content: StoreContent | undefined;

  /** @param failure maps an error to the one to throw */
  constructor(
    private readonly store: Store,
    /** Adopts the tag of the first range if it had none, so that all ranges of a response are of one version. */
    private known: ObjectMetadata,
    private readonly wait: Wait,
    private readonly failure: (error: unknown) => unknown,
  ) {
    this.size = known.size;
    this.type = known.type;
    this.etag = known.etag;
    this.lastModified = known.lastModified;
    this.headers = known.headers;
  }

  async open(range: ByteRange | undefined, signal: AbortSignal): Promise<Bytes> {
    if (this.size === 0) return nothing(); // there is no range to request
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
      ({ body }) => destroyQuietly(body),
    );
    const content = new StoreContent(answer.body, this.wait, rangeLength(range), toThrow);
    try {
      checkAnswer(this.store.name, answer, range, this.known);
    } catch (error) {
      content.destroy();
      throw error;
    }
    const etag = sendableTag(answer.etag);
    if (etag !== undefined) this.known = { ...this.known, etag };
    return content;
  }
}

async function* nothing(): Bytes {}
