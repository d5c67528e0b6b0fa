import type { Representation } from '../../sources/source.js';
import {
  inTime,
  letGo,
  type MakeSource,
  type NamedCheck,
  onRepresentation,
  readFirstChunk,
  readRange,
  type Releasable,
  undisturbed,
} from './source-reader.js';

/** Checks that a source releases its resources. */
export const RELEASE: readonly NamedCheck[] = [
  ['a representation may be closed without being opened', (make) => onRepresentation(make, () => {})],
  ['bytes that are never read are released', checkUnread],
  ['a reader may stop after the first chunk', (make) => onRepresentation(make, readFirstChunk)],
  ['a hundred readers that stop early do not block the next', checkManyLeaving],
  ['an abort ends a read', checkAbortWhileReading],
  ['an abort before anything was opened ends the wait', checkAbortBefore],
  ['a source that is never resolved releases what it holds', checkDiscard],
];

function checkUnread(make: MakeSource): Promise<void> {
  return onRepresentation(make, async (representation) => letGo(await representation.open(undefined, undisturbed())));
}

async function checkManyLeaving(make: MakeSource): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 10 }, () => onRepresentation(make, readFirstChunk)));
  }
  await onRepresentation(make, (representation) => readRange(representation, undefined));
}

function checkAbortWhileReading(make: MakeSource): Promise<void> {
  const controller = new AbortController();
  const read = async (representation: Representation): Promise<void> => {
    const bytes: Releasable = await representation.open(undefined, controller.signal);
    for await (const _ of bytes) {
      controller.abort();
      if (bytes.destroy !== undefined) await letGo(bytes); // streams are destroyed for the source; generators watch the signal
    }
  };
  // After an abort, the source may fail or yield the rest, but must end.
  return onRepresentation(make, (representation) => read(representation).catch(() => {}), controller.signal);
}

async function checkAbortBefore(make: MakeSource): Promise<void> {
  const { source } = await make();
  const controller = new AbortController();
  const resolving = Promise.resolve(source.resolve(controller.signal));
  controller.abort();
  const representation = await orNothing('resolve()', resolving);
  if (representation === undefined) return;
  const bytes = await orNothing('open()', Promise.resolve(representation.open(undefined, controller.signal)));
  if (bytes !== undefined) await letGo(bytes);
  await representation.close?.();
}

async function checkDiscard(make: MakeSource): Promise<void> {
  const { source } = await make();
  source.discard?.();
}

/** `undefined`: it failed, which is allowed after an abort. */
function orNothing<T>(what: string, work: Promise<T>): Promise<T | undefined> {
  return inTime(
    what,
    work.catch(() => undefined),
  );
}
