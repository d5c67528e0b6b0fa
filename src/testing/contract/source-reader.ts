import { types } from 'node:util';
import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { Bytes, RangeSource, Representation } from '../../sources/source.js';

/** A source, and its known content. */
export interface SourceUnderTest {
  readonly source: RangeSource;
  /** Its content, at least ten bytes; more than 300,000 also test the boundaries of chunks. */
  readonly bytes: Uint8Array;
}

export type MakeSource = () => SourceUnderTest | Promise<SourceUnderTest>;

/** A requirement: its description, and a function that rejects if a source violates it. */
export interface ContractCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** A requirement and its description. */
export type NamedCheck = readonly [name: string, check: (make: MakeSource) => Promise<void>];

/** Long enough for a loaded machine; only failures wait this long. */
const PATIENCE_MS = 15_000;

/** A fresh signal that never aborts; fresh since sources may never remove their listeners. */
export function undisturbed(): AbortSignal {
  return new AbortController().signal;
}

/** Makes a source and checks its representation. */
export async function onRepresentation(
  make: MakeSource,
  check: (representation: Representation, bytes: Uint8Array) => unknown,
  signal = undisturbed(),
): Promise<void> {
  const { source, bytes } = await make();
  await withRepresentation(source, async (representation) => check(representation, bytes), signal);
}

/** Resolves a source, uses its representation, and closes it in any case, as a response does. */
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

/** Opens a range, or the whole, and reads it to its end. `onChunk` is called after each chunk. */
export async function readRange(
  representation: Representation,
  range: ByteRange | undefined,
  onChunk: (index: number) => unknown = () => {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const copies: Uint8Array[] = [];
  for await (const chunk of await representation.open(range, undisturbed())) {
    if (!types.isUint8Array(chunk)) throw new TypeError(`a chunk is of type ${typeof chunk}, where bytes are expected`);
    chunks.push(chunk);
    copies.push(Uint8Array.from(chunk));
    await onChunk(chunks.length - 1);
  }
  const read = Buffer.concat(copies);
  // A response reads ahead, so the memory of a chunk may be waiting for a slow client.
  assertTrue(Buffer.concat(chunks).equals(read), () => 'a chunk was overwritten after it had been returned');
  return read;
}

/** Resolves a source and reads the whole; destroys a stream when the signal aborts, as a response does. */
export async function readUntilAborted(source: RangeSource, signal: AbortSignal): Promise<void> {
  const representation = await source.resolve(signal);
  try {
    const opened: Releasable = await representation.open(undefined, signal);
    const bytes = isWebStream(opened) ? readWebStream(opened, signal) : opened;
    const destroy = (): void => void (opened.destroy !== undefined && letGo(opened));
    signal.addEventListener('abort', destroy);
    for await (const _ of bytes);
  } finally {
    await representation.close?.();
  }
}

interface WebStream {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: unknown }>; cancel(): Promise<void> };
}

function isWebStream(bytes: object): bytes is WebStream {
  return 'getReader' in bytes;
}

async function* readWebStream(stream: WebStream, signal: AbortSignal): AsyncGenerator {
  const reader = stream.getReader();
  signal.addEventListener('abort', () => void reader.cancel());
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** Reads the first chunk, and stops. */
export async function readFirstChunk(representation: Representation): Promise<void> {
  for await (const _ of await representation.open(undefined, undisturbed())) return;
}

/** Bytes that may be a stream. */
export type Releasable = Bytes & { destroy?(): unknown; on?(event: 'error', listener: () => void): unknown };

/** Releases bytes: destroys a stream, or returns from an iterator. */
export async function letGo(bytes: Releasable): Promise<void> {
  if (bytes.destroy === undefined) {
    await bytes[Symbol.asyncIterator]().return?.();
    return;
  }
  bytes.on?.('error', () => {});
  bytes.destroy();
}

/** What no source has thrown: something never ended, or a function of the app failed. */
export class NotOfTheSource extends Error {}

/** Throws an error again that is not to be taken for one of the source. */
export function ofTheSource(error: unknown): unknown {
  if (error instanceof NotOfTheSource) throw error;
  return error;
}

/** Rejects if something never ends. */
export async function inTime<T>(what: string, work: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotOfTheSource(`${what} did not end`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls until the condition holds or time is up. */
export async function comesTrue(condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await pause(5);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Throws our own message, since assertions of test runners show values, not sentences. */
export function assertTrue(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message());
}

/** The kind of a source error, equal across realms and copies of the package. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
