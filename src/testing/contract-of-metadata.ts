import { isDeepStrictEqual, types } from 'node:util';
import { assertTrue, type MakeSource, type NamedCheck, onRepresentation } from './source-reader.js';

/** What a source says of what it holds. */
export const METADATA: readonly NamedCheck[] = [
  ['the size is the number of octets, or undefined', checkSize],
  ['the type and the fields can stand in a response', checkFields],
  ['the entity tag has its quotes', checkEntityTag],
  ['the date is one, and not in the future', checkDate],
  ['the metadata is the same for each request', checkSameness],
];

function checkSize(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ size }, bytes) => {
    const isRight = size === undefined || size === bytes.length;
    assertTrue(isRight, () => `the size is ${size}, where there are ${bytes.length} octets`);
  });
}

function checkFields(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ type, fields = {} }) => {
    for (const [name, value] of Object.entries(type === undefined ? fields : { ...fields, 'content-type': type })) {
      assertTrue(/^[!#$%&'*+.^_`|~\w-]+$/.test(name), () => `${JSON.stringify(name)} cannot be the name of a field`);
      assertTrue(/^[\t\x20-\x7e\x80-\xff]+$/.test(value), () => `${name} cannot be ${JSON.stringify(value)}`);
    }
  });
}

function checkEntityTag(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ etag }) => {
    const isTag = etag === undefined || /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag);
    assertTrue(isTag, () => `${etag} is no entity tag: it is written "v1", or W/"v1", with the quotes`);
  });
}

/** Some stores round their dates up to whole seconds; a response has none before it is past. */
const ROUNDED_UP_MS = 1000;

function checkDate(make: MakeSource): Promise<void> {
  return onRepresentation(make, ({ lastModified }) => {
    if (lastModified === undefined) return;
    assertTrue(types.isDate(lastModified), () => `lastModified is no Date but ${String(lastModified)}`);
    // NaN, the time of an Invalid Date, is not less than anything.
    const isRight = lastModified.getTime() <= Date.now() + ROUNDED_UP_MS;
    assertTrue(isRight, () => `lastModified is ${String(lastModified)}`);
  });
}

async function checkSameness(make: MakeSource): Promise<void> {
  const seen: object[] = [];
  for (let request = 0; request < 2; request++) {
    await onRepresentation(make, ({ size, type, etag, lastModified, fields }) => {
      seen.push({ size, type, etag, lastModified: lastModified?.getTime(), fields });
    });
  }
  const [first, second] = seen;
  const areEqual = isDeepStrictEqual(first, second);
  assertTrue(areEqual, () => `it was ${JSON.stringify(first)}, and then ${JSON.stringify(second)}`);
}
