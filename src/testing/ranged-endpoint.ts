import { THE_WHOLE, theRange } from './expectations.js';
import type { Finding, Whole } from './question.js';
import { questionsOfConditions } from './questions-of-conditions.js';
import { questionsOfRanges } from './questions-of-ranges.js';
import { type Answer, describeAnswer, RawClient, valueOf } from './raw-answer.js';

export interface EndpointOptions {
  /** Sent with each request, such as Authorization or Cookie. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the endpoint is known to serve. Default: what a plain GET gives is believed. */
  readonly bytes?: Uint8Array | undefined;
  /** The longest representation that is read, in octets: it is read some dozens of times. Default: 64 MiB. */
  readonly maxSize?: number | undefined;
  /** The longest wait for more of an answer, in ms. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Asks a running endpoint what clients ask of a file: some seventy questions about ranges, conditions and validators.
 * Never rejects for a wrong answer, or for none.
 *
 * @example
 * const faults = (await checkRangedEndpoint('http://localhost:3000/media/clip.mp4')).filter(({ ok }) => !ok);
 * @param url of something that has at least a hundred octets and does not change meanwhile
 */
export async function checkRangedEndpoint(url: string | URL, options: EndpointOptions = {}): Promise<Finding[]> {
  const { headers = {}, bytes, maxSize = 64 * 1024 * 1024, timeoutMs = 10_000 } = options;
  const client = new RawClient(new URL(url), headers, { maxSize, timeoutMs });
  const answer = await client.ask();
  const whole = wholeOf(answer);
  const findings = findingsOfWhole(whole, bytes);
  if (answer.status !== 200 || answer.failure !== undefined || whole.size < SMALLEST) return findings;
  for (const { question, reference, asked, expected } of [
    ...questionsOfRanges(whole),
    ...questionsOfConditions(whole),
  ]) {
    const fault = expected.fault(await client.ask(asked), whole);
    findings.push(finding(question, reference, expected.text, fault));
  }
  findings.push(await askAgain(client, whole), await askCompressed(client, whole));
  findings.push(await askOnOneConnection(client, whole), await askAfterLeaving(client, whole));
  return findings;
}

/** Fewer octets leave no room for ranges beside one another. */
const SMALLEST = 100;

function wholeOf(answer: Answer): Whole {
  const etag = valueOf(answer, 'etag');
  const isTag = etag !== undefined && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag);
  const date = valueOf(answer, 'last-modified');
  const isDate = date !== undefined && new Date(date).toUTCString() === date;
  return {
    answer,
    bytes: answer.body,
    size: answer.body.length,
    etag: isTag ? etag : undefined,
    strongTag: isTag && !etag.startsWith('W/') ? etag : undefined,
    lastModified: isDate ? Date.parse(date) : undefined,
    lastModifiedField: isDate ? date : undefined,
  };
}

/** What the plain answer shows by itself. */
function findingsOfWhole(whole: Whole, bytes: Uint8Array | undefined): Finding[] {
  const { answer, size, strongTag, lastModified } = whole;
  const is200 = answer.status === 200 && answer.failure === undefined;
  const findings = [finding('GET', 'RFC 9110 §9.3.1', '200', is200 ? undefined : describeAnswer(answer))];
  if (!is200) return findings;
  const ask = (question: string, reference: string, expected: string, isRight: boolean, got: string): void => {
    findings.push(finding(question, reference, expected, isRight ? undefined : got));
  };
  const valueText = (name: string): string => `${name} ${valueOf(answer, name) ?? 'is missing'}`;
  if (bytes !== undefined)
    ask('the octets of the GET', 'RFC 9110 §9.3.1', 'those given', whole.bytes.equals(bytes), 'other octets');
  ask('how long it is', 'this check', `at least ${SMALLEST} octets`, size >= SMALLEST, `${size} octets`);
  const length = valueOf(answer, 'content-length');
  ask('Content-Length of the 200', 'RFC 9110 §8.6', String(size), length === String(size), valueText('content-length'));
  const offer = valueOf(answer, 'accept-ranges');
  ask('whether ranges are offered', 'RFC 9110 §14.3', 'bytes', offer === 'bytes', valueText('accept-ranges'));
  const range = valueOf(answer, 'content-range');
  ask('Content-Range of the 200', 'RFC 9110 §14.4', 'none', range === undefined, valueText('content-range'));
  const hasTag = valueOf(answer, 'etag') === undefined || whole.etag !== undefined;
  ask('the form of the ETag', 'RFC 9110 §8.8.3', '"…" or W/"…"', hasTag, valueText('etag'));
  const hasDate = valueOf(answer, 'last-modified') === undefined || lastModified !== undefined;
  ask('the form of the Last-Modified', 'RFC 9110 §5.6.7', 'an IMF-fixdate', hasDate, valueText('last-modified'));
  ask('a Last-Modified in the future', 'RFC 9110 §8.8.2.1', 'none', !isInFuture(whole), valueText('last-modified'));
  ask(
    'whether a download can be resumed',
    'RFC 9110 §13.1.5',
    'a strong ETag, or a Last-Modified',
    strongTag !== undefined || lastModified !== undefined,
    `${valueText('etag')}, ${valueText('last-modified')}`,
  );
  return findings;
}

function isInFuture({ answer, lastModified = 0 }: Whole): boolean {
  const date = Date.parse(valueOf(answer, 'date') ?? '');
  return lastModified > (Number.isNaN(date) ? Date.now() : date);
}

/** Validators that change from one response to the next end every resumed download. */
async function askAgain(client: RawClient, whole: Whole): Promise<Finding> {
  const answer = await client.ask();
  const changed = ['etag', 'last-modified'].find((name) => valueOf(answer, name) !== valueOf(whole.answer, name));
  const fault = changed === undefined ? undefined : `${changed} is ${valueOf(answer, changed)} now`;
  return finding(
    'GET once more',
    'RFC 9110 §8.8',
    'the same octets, ETag and Last-Modified',
    THE_WHOLE.fault(answer, whole) ?? fault,
  );
}

/** Parts of the plain octets would be put together with those of the compressed ones. */
async function askCompressed(client: RawClient, { strongTag, answer: plain }: Whole): Promise<Finding> {
  const answer = await client.ask({ fields: [['Accept-Encoding', 'gzip, deflate, br']] });
  const coding = valueOf(answer, 'content-encoding');
  const isShared = strongTag !== undefined && valueOf(answer, 'etag') === strongTag;
  const isOther = coding !== valueOf(plain, 'content-encoding') && isShared;
  const fault = isOther ? `the coding ${coding} under the same ETag ${strongTag}` : undefined;
  return finding(
    'GET by a client that takes gzip',
    'RFC 9110 §8.8.1',
    'the same octets, or another ETag',
    answer.status === 200 ? fault : describeAnswer(answer),
  );
}

/** Content that is not as long as its Content-Length shows in the next answer. */
async function askOnOneConnection(client: RawClient, whole: Whole): Promise<Finding> {
  const agent = client.keptAlive();
  const expected = theRange(0, 0);
  let fault: string | undefined;
  for (let i = 0; i < 3; i++) {
    fault ??= expected.fault(await client.ask({ fields: [['Range', 'bytes=0-0']] }, agent), whole);
  }
  agent.destroy();
  return finding('the first octet three times on one connection', 'RFC 9112 §6.3', expected.text, fault);
}

async function askAfterLeaving(client: RawClient, whole: Whole): Promise<Finding> {
  await Promise.all(Array.from({ length: 20 }, () => client.ask({ leaveAfter: 1 })));
  const fault = THE_WHOLE.fault(await client.ask(), whole);
  return finding('GET after twenty clients left early', 'RFC 9112 §9.5', THE_WHOLE.text, fault);
}

function finding(question: string, reference: string, expected: string, fault: string | undefined): Finding {
  return { question, reference, ok: fault === undefined, expected, got: fault ?? expected };
}
