import { types } from 'node:util';
import type { ByteRange } from '../http/byte-range.js';
import type { Bytes, RangeSource, Representation } from '../sources/source.js';

/** A source, and what it is known to hold. */
export interface SourceUnderTest {
  readonly source: RangeSource;
  /** What it holds, at least ten octets. More than 300,000 also show what happens between its chunks. */
  readonly bytes: Uint8Array;
  /** Puts something else in place of what the source holds, and resolves when that can be seen. */
  readonly replace?: ((bytes: Uint8Array) => void | Promise<void>) | undefined;
}

export type MakeSource = () => SourceUnderTest | Promise<SourceUnderTest>;

/** A requirement, by its sentence. */
export type NamedCheck = readonly [name: string, check: (make: MakeSource) => Promise<void>];

/** Long enough for a loaded machine; nothing waits for it where all is well. */
const PATIENCE_MS = 15_000;

/** A signal that never aborts. A fresh one each time: sources may listen to it for ever. */
export function undisturbed(): AbortSignal {
  return new AbortController().signal;
}

/** Makes a source and checks what it resolves to. */
export async function onRepresentation(
  make: MakeSource,
  check: (representation: Representation, bytes: Uint8Array) => unknown,
  signal = undisturbed(),
): Promise<void> {
  const { source, bytes } = await make();
  await withRepresentation(source, async (representation) => check(representation, bytes), signal);
}

/** Resolves a source, uses what it gives, and closes that in any case, as a response does. */
export async function withRepresentation<T>(
  source: RangeSource,
  use: (representation: Representation) => Promise<T>,
  signal = undisturbed(),
): Promise<T> {
  const representation = await inTime('resolve()', source.resolve(signal));
  try {
    return await inTime('reading', use(representation));
  } finally {
    await inTime('close()', representation.close?.());
  }
}

/** Opens a range, or all there is, and reads it to its end. */
export async function readRange(representation: Representation, range: ByteRange | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await representation.open(range, undisturbed())) {
    if (!types.isUint8Array(chunk)) throw new TypeError(`a chunk is of type ${typeof chunk}, where octets are due`);
    chunks.push(Uint8Array.from(chunk)); // a copy: a source may use its memory again
  }
  return Buffer.concat(chunks);
}

/** Reads a first chunk, and leaves. */
export async function readFirstChunk(representation: Representation): Promise<void> {
  for await (const _ of await representation.open(undefined, undisturbed())) return;
}

/** Octets that may be a stream. */
export type Releasable = Bytes & { destroy?(): unknown; on?(event: 'error', listener: () => void): unknown };

/** Lets go of octets: a stream is destroyed, anything else is told that nobody reads on. */
export async function letGo(bytes: Releasable): Promise<void> {
  if (bytes.destroy === undefined) {
    await bytes[Symbol.asyncIterator]().return?.();
    return;
  }
  bytes.on?.('error', () => {});
  bytes.destroy();
}

/** Fails where something takes for ever. */
export async function inTime<T>(what: string, work: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come to an end`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again, until the condition holds or patience ends. */
export async function comesTrue(condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  return true;
}

/** Fails with a message of our own: what a test runner makes of an assertion shows values, not sentences. */
export function assertTrue(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message());
}

/** The kind of a source error, which is the same across realms and copies of the package. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
