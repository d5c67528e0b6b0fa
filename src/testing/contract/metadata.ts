import { inspect, isDeepStrictEqual, types } from 'node:util';
import { expectBytes } from './reading.js';
import {
  assertTrue,
  type MakeSource,
  type NamedCheck,
  onRepresentation,
  readRange,
  undisturbed,
} from './source-reader.js';

/** Checks of a source's metadata. */
export const METADATA: readonly NamedCheck[] = [
  ['the size is the number of bytes, or undefined', checkSize],
  ['whenSized() returns the same version with its size', checkWhenSized],
  ['the type and the headers are valid in a response', checkHeaders],
  ['the entity tag has its quotes', checkEntityTag],
  ['the date is valid, and not in the future', checkDate],
  ['the metadata is the same for each request', checkSameness],
];

function checkSize(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ size }, bytes) => {
    const isRight = size === undefined || size === bytes.length;
    assertTrue(isRight, () => `the size is ${inspect(size)}, but there are ${bytes.length} bytes`);
  });
}

/** Waits for the size of content that is still being made. */
function checkWhenSized(make: MakeSource): Promise<void> {
  return onRepresentation(make, async (representation, bytes) => {
    if (representation.whenSized === undefined) return;
    const sized = await representation.whenSized(undisturbed());
    try {
      assertTrue(sized.size === bytes.length, () => `its size is ${inspect(sized.size)}, not ${bytes.length}`);
      for (const name of ['etag', 'type'] as const) {
        const isSame = sized[name] === representation[name];
        assertTrue(isSame, () => `its ${name} is ${inspect(sized[name])}, but was ${inspect(representation[name])}`);
      }
      const range = { firstPos: 1, lastPos: bytes.length - 2 };
      expectBytes(await readRange(sized, range), bytes, range);
    } finally {
      await sized.close?.();
    }
  });
}

function checkHeaders(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ type, headers = {} }) => {
    const isIterable = Symbol.iterator in headers;
    assertTrue(
      !isIterable,
      () => `headers is ${inspect(headers)}, not a plain object: write Object.fromEntries(headers)`,
    );
    for (const [name, value] of Object.entries(type === undefined ? headers : { ...headers, 'content-type': type })) {
      assertTrue(/^[!#$%&'*+.^_`|~\w-]+$/.test(name), () => `${JSON.stringify(name)} is not a valid header name`);
      const isRight = typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]+$/.test(value);
      assertTrue(isRight, () => `${inspect(value)} is not a valid value of ${name}`);
    }
  });
}

function checkEntityTag(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ etag }) => {
    const isTag =
      etag === undefined || (typeof etag === 'string' && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag));
    assertTrue(isTag, () => `${inspect(etag)} is not an entity tag: write '"v1"' or 'W/"v1"', with the quotes`);
  });
}

/** Some stores round dates up to whole seconds; a response omits the date until it has passed. */
const ROUNDED_UP_MS = 1000;

function checkDate(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ lastModified }) => {
    if (lastModified === undefined) return;
    assertTrue(types.isDate(lastModified), () => `lastModified is not a Date but ${inspect(lastModified)}`);
    // NaN, the time of an Invalid Date, is not less than anything.
    const isRight = lastModified.getTime() <= Date.now() + ROUNDED_UP_MS;
    assertTrue(isRight, () => `lastModified is ${String(lastModified)}`);
  });
}

async function checkSameness(make: MakeSource): Promise<void> {
  const seen: object[] = [];
  for (let request = 0; request < 2; request++) {
    await onRepresentation(make, ({ size, type, etag, lastModified, headers }) => {
      seen.push({ size, type, etag, lastModified: lastModified?.getTime(), headers });
    });
  }
  const [first, second] = seen;
  const areEqual = isDeepStrictEqual(first, second);
  assertTrue(areEqual, () => `it was ${JSON.stringify(first)}, then ${JSON.stringify(second)}`);
}
