import { pseudoRandomBytes } from './sources/fixtures.js';
import { Gate } from './until.js';

export interface StudioBehaviour {
  readonly chunkSize?: number;
  /** Before each chunk, and once behind the last; may wait, or throw. */
  readonly onChunk?: (index: number, signal: AbortSignal) => unknown;
}

let taken = 0;

/** Makes bytes, others each time, and keeps count. */
export class Studio {
  /** What each generation gives. */
  readonly takes: Buffer[] = [];
  readonly signals: AbortSignal[] = [];
  /** Generations that ended: at their end, by an error, or because the reader let go. */
  ended = 0;
  bytesYielded = 0;

  constructor(
    readonly size: number,
    readonly behaviour: StudioBehaviour = {},
  ) {}

  get last(): Buffer {
    return this.takes.at(-1) ?? Buffer.alloc(0);
  }

  readonly generate = (signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> => {
    const take = pseudoRandomBytes(this.size, (taken++ % 250) + 1);
    this.takes.push(take);
    this.signals.push(signal);
    return this.play(take, signal);
  };

  private async *play(take: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { chunkSize = 16 * 1024, onChunk } = this.behaviour;
    const memory = Buffer.alloc(chunkSize); // used again, as encoders do
    try {
      let index = 0;
      for (let position = 0; position < take.length; position += chunkSize, index++) {
        await onChunk?.(index, signal);
        const length = take.copy(memory, 0, position, position + chunkSize);
        this.bytesYielded += length;
        yield memory.subarray(0, length);
      }
      await onChunk?.(index, signal);
    } finally {
      this.ended++;
    }
  }
}

/** Plays until `at`, and then waits for the gate, or for the end of the signal. */
export function gatedAt(at: number): {
  readonly gate: Gate;
  readonly onChunk: NonNullable<StudioBehaviour['onChunk']>;
} {
  const gate = new Gate();
  return { gate, onChunk: (index, signal) => (index === at ? orAborted(gate.passed, signal) : undefined) };
}

function orAborted(passed: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    passed.then(resolve, reject);
  });
}
