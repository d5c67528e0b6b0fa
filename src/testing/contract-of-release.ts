import type { Representation } from '../sources/source.js';
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

/** How a source ends what nobody wants any more. */
export const RELEASE: readonly NamedCheck[] = [
  ['a representation may be closed without being opened', (make) => onRepresentation(make, () => {})],
  ['octets that nobody begins to read are let go', checkUnread],
  ['a reader may leave after the first chunk', (make) => onRepresentation(make, readFirstChunk)],
  ['a hundred readers that leave early leave room for the next', checkManyLeaving],
  ['an abort ends a reading', checkAbortWhileReading],
  ['an abort before anything was opened keeps nobody waiting', checkAbortBefore],
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
      if (bytes.destroy !== undefined) await letGo(bytes); // a stream is destroyed for it; a generator heeds the signal itself
    }
  };
  // What was aborted may fail, or give the rest: it must come to an end.
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

/** `undefined`: it failed, as what was aborted may. */
function orNothing<T>(what: string, work: Promise<T>): Promise<T | undefined> {
  return inTime(
    what,
    work.catch(() => undefined),
  );
}
