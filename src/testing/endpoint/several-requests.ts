import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { type Answer, describeAnswer, valueOf } from './answer-reader.js';
import { THE_WHOLE, theRange } from './expectations.js';
import { type Fault, type Finding, finding, type Whole } from './question.js';
import type { RawClient } from './raw-client.js';

/** Validators that change between responses prevent downloads from being resumed. */
export async function askAgain(client: RawClient, whole: Whole): Promise<Finding> {
  const fault = THE_WHOLE.fault(await client.ask(), whole);
  return finding('GET once more', 'RFC 9110 §8.8', 'the same bytes, ETag and Last-Modified', fault);
}

/** Clients would combine parts of the plain content with parts of the compressed content. */
export async function askCompressed(client: RawClient, whole: Whole): Promise<Finding> {
  const answer = await client.ask({ headers: [['Accept-Encoding', 'gzip, deflate, br']] });
  const isPlain = valueOf(answer, 'content-encoding') === valueOf(whole.answer, 'content-encoding');
  return finding(
    'GET by a client that accepts gzip',
    'RFC 9110 §8.8.1',
    'the same bytes, or another ETag',
    isPlain ? plainFault(answer, whole) : codingFault(answer, whole),
  );
}

/** Ignores a difference in Vary: naming Accept-Encoding is right even if no coding is used. */
function plainFault(answer: Answer, whole: Whole): Fault | undefined {
  const headers = new Map(answer.headers).set('vary', whole.answer.headers.get('vary') ?? []);
  if (!whole.answer.headers.has('vary')) headers.delete('vary');
  return THE_WHOLE.fault({ ...answer, headers }, whole);
}

function codingFault(answer: Answer, { strongTag, bytes }: Whole): Fault | undefined {
  if (answer.status !== 200 || answer.failure !== undefined) return describeAnswer(answer);
  const coding = valueOf(answer, 'content-encoding') ?? '';
  if (strongTag !== undefined && valueOf(answer, 'etag') === strongTag)
    return `the coding ${coding} under the same ETag ${strongTag}`;
  if (decode(answer.body, coding)?.equals(bytes) === false) return `other bytes under the coding ${coding}`;
  const isNamed = /accept-encoding|\*/i.test(valueOf(answer, 'vary') ?? '');
  return isNamed ? undefined : { should: `the coding ${coding} without Accept-Encoding in Vary` };
}

/** `undefined`: an unsupported coding. */
function decode(body: Buffer, coding: string): Buffer | undefined {
  const decoders = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  const decoder = Object.entries(decoders).find(([name]) => name === coding.toLowerCase())?.[1];
  try {
    return decoder?.(body);
  } catch {
    return Buffer.alloc(0); // invalid, and so not the bytes of the representation
  }
}

/** A wrong Content-Length shows in the next response on the connection. */
export async function askOnOneConnection(client: RawClient, whole: Whole): Promise<Finding> {
  const connection = client.connect();
  const expected = theRange(0, 0);
  let fault: Fault | undefined;
  for (let i = 0; i < 3; i++) {
    fault ??= expected.fault(await client.ask({ headers: [['Range', 'bytes=0-0']] }, connection), whole);
  }
  connection.destroy();
  return finding('the first byte three times on one connection', 'RFC 9112 §6.3', expected.text, fault);
}

/** Concurrent requests that wrongly share a descriptor or buffer receive each other's bytes. */
export async function askSideBySide(client: RawClient, whole: Whole): Promise<Finding> {
  const step = Math.floor(whole.size / 16);
  const faults = await Promise.all(
    Array.from({ length: 16 }, async (_, i) => {
      const [first, last] = [i * step, (i + 1) * step - 1];
      const answer = await client.ask({ headers: [['Range', `bytes=${first}-${last}`]] });
      return theRange(first, last).fault(answer, whole);
    }),
  );
  const fault = faults.find((each) => each !== undefined);
  return finding('sixteen ranges at the same time', 'RFC 9110 §14.2', '206 with each of them', fault);
}

export async function askAfterLeaving(client: RawClient, whole: Whole): Promise<Finding> {
  await Promise.all(Array.from({ length: 20 }, () => client.ask({ leaveAfter: 1 })));
  const fault = THE_WHOLE.fault(await client.ask(), whole);
  return finding('GET after twenty clients disconnected early', 'RFC 9112 §9.5', THE_WHOLE.text, fault);
}
