import {
  type ByteRange,
  type RangeSource,
  type Representation,
  SourceChangedError,
  SourceNotFoundError,
} from 'nestjs-range';

interface Version {
  readonly bytes: Uint8Array;
  readonly number: number;
}

/** Changes what a right source does, to make a wrong one of it. */
export type Fault = (representation: Representation, store: SampleStore) => Partial<Representation>;

const CHUNK = 50_000;

/** A store in memory whose sources keep the contract, but for the fault that is planted. */
export class SampleStore {
  /** Readings that have not ended, and representations that are not closed. */
  inUse = 0;
  private readonly objects = new Map<string, Version>();
  private versions = 0;

  constructor(private readonly fault: Fault = () => ({})) {}

  put(name: string, bytes: Uint8Array): void {
    this.objects.set(name, { bytes, number: this.versions++ });
  }

  remove(name: string): void {
    this.objects.delete(name);
  }

  /** What is stored now. */
  get(name: string): Version | undefined {
    return this.objects.get(name);
  }

  source(name: string): RangeSource {
    return {
      resolve: async () => {
        const found = this.objects.get(name);
        if (found === undefined) throw new SourceNotFoundError(`${name} is not stored`);
        this.inUse++;
        const representation: Representation = {
          size: found.bytes.length,
          type: 'video/mp4',
          etag: `"${found.number}"`,
          lastModified: new Date(Date.UTC(2024, 1, 29)),
          headers: { 'cache-control': 'private' },
          open: (range, signal) => this.read(name, found, range, signal),
          close: () => void this.inUse--,
        };
        return { ...representation, ...this.fault(representation, this) };
      },
    };
  }

  private async *read(
    name: string,
    { bytes, number }: Version,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    this.inUse++;
    try {
      const end = range === undefined ? bytes.length : range.lastPos + 1;
      for (let at = range?.firstPos ?? 0; at < end; at += CHUNK) {
        if (signal.aborted) return;
        if (this.objects.get(name)?.number !== number) throw new SourceChangedError(`${name} has changed`);
        yield Uint8Array.from(bytes.subarray(at, Math.min(at + CHUNK, end)));
      }
    } finally {
      this.inUse--;
    }
  }
}
