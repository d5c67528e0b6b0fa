import { type Answer, describeAnswer, valueOf } from './answer-reader.js';
import { questionsOfConditions } from './conditions.js';
import { type Fault, type Finding, finding, type Question, type Whole } from './question.js';
import { questionsOfEmpty, questionsOfRanges } from './ranges.js';
import { RawClient } from './raw-client.js';
import { askAfterLeaving, askAgain, askCompressed, askOnOneConnection, askSideBySide } from './several-requests.js';

export interface EndpointOptions {
  /** Sent with each request, such as Authorization or Cookie. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The expected content. Default: the content of a plain GET is taken as correct. */
  readonly bytes?: Uint8Array | undefined;
  /** The largest representation to check, in bytes: it is read dozens of times. Default: 64 MiB. */
  readonly maxSize?: number | undefined;
  /** The longest wait for more of a response, in ms. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Sends a running endpoint about a hundred requests with ranges, conditions and validators, as clients do for a file. Never
 * rejects because of a wrong or missing response.
 *
 * @example
 * const faults = (await checkRangedEndpoint('http://localhost:3000/media/clip.mp4')).filter(({ ok }) => !ok);
 * @param url URL of content with at least a hundred bytes, or none, that does not change meanwhile
 */
export async function checkRangedEndpoint(url: string | URL, options: EndpointOptions = {}): Promise<Finding[]> {
  const { headers = {}, bytes, maxSize = 64 * 1024 * 1024, timeoutMs = 10_000 } = options;
  const target = new URL(url);
  const client = new RawClient(target, headers, { maxSize, timeoutMs });
  const answer = await client.ask();
  if (answer.status !== 200 || answer.failure !== undefined)
    return [finding(...PLAIN_GET, describeFailure(answer, target))];
  const whole = wholeOf(answer);
  const findings = findingsOfWhole(whole, bytes);
  if (!isOfUse(whole)) return findings;
  for (const { question, reference, asked, expected } of questionsOf(whole)) {
    findings.push(finding(question, reference, expected.text, expected.fault(await client.ask(asked), whole)));
  }
  if (whole.size === 0) return findings;
  findings.push(await askAgain(client, whole), await askCompressed(client, whole));
  findings.push(await askOnOneConnection(client, whole), await askSideBySide(client, whole));
  findings.push(await askAfterLeaving(client, whole));
  return findings;
}

const PLAIN_GET = ['GET', 'RFC 9110 §9.3.1', '200'] as const;

const TOO_YOUNG = '; nestjs-range sends both once a file is two seconds old';

/** What the plain GET got in place of a 200, and what may help. The query may hold a secret. */
function describeFailure(answer: Answer, { origin, pathname }: URL): string {
  return `${describeAnswer(answer)}, from ${origin}${pathname}${adviceOnStatus(answer.status)}`;
}

function adviceOnStatus(status: number): string {
  if (status === 401 || status === 403) return '; if it needs a login, pass the option "headers"';
  if (status >= 300 && status < 400)
    return '; it follows no redirection: pass the final URL, or a login in the option "headers"';
  return '';
}

function questionsOf(whole: Whole): readonly Question[] {
  return whole.size === 0 ? questionsOfEmpty() : [...questionsOfRanges(whole), ...questionsOfConditions(whole)];
}

/** Fewer bytes leave no room for several separate ranges. */
const SMALLEST = 100;

function isOfUse({ size }: Whole): boolean {
  return size === 0 || size >= SMALLEST;
}

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
    lastModifiedHeader: isDate ? date : undefined,
  };
}

/** Checks of the 200 to a plain GET. */
function findingsOfWhole(whole: Whole, bytes: Uint8Array | undefined): Finding[] {
  const { answer, size, strongTag, lastModified } = whole;
  const findings = [finding(...PLAIN_GET, undefined)];
  const ask = (question: string, reference: string, expected: string, fault: Fault | undefined): void => {
    findings.push(finding(question, reference, expected, fault));
  };
  const must = (isRight: boolean, fault: string): Fault | undefined => (isRight ? undefined : fault);
  const should = (isRight: boolean, fault: string): Fault | undefined => (isRight ? undefined : { should: fault });
  const valueText = (name: string): string => `${name} ${valueOf(answer, name) ?? 'is missing'}`;
  const isAbsent = (name: string): boolean => valueOf(answer, name) === undefined;
  if (bytes !== undefined)
    ask(
      'the bytes of the GET',
      'RFC 9110 §9.3.1',
      'those of the option',
      must(whole.bytes.equals(bytes), 'other bytes'),
    );
  ask(
    'the length of the content',
    'this check',
    `at least ${SMALLEST} bytes, or none`,
    should(isOfUse(whole), `${size} bytes`),
  );
  const isLength = valueOf(answer, 'content-length') === String(size);
  ask('Content-Length of the 200', 'RFC 9110 §8.6', String(size), should(isLength, valueText('content-length')));
  const isOffered = size === 0 || valueOf(answer, 'accept-ranges') === 'bytes';
  ask('whether ranges are offered', 'RFC 9110 §14.3', 'bytes', should(isOffered, valueText('accept-ranges')));
  const noRange = isAbsent('content-range');
  ask('Content-Range of the 200', 'RFC 9110 §14.4', 'none', should(noRange, valueText('content-range')));
  const hasTag = isAbsent('etag') || whole.etag !== undefined;
  ask('the form of the ETag', 'RFC 9110 §8.8.3', '"…" or W/"…"', must(hasTag, valueText('etag')));
  const hasDate = isAbsent('last-modified') || lastModified !== undefined;
  ask('the form of the Last-Modified', 'RFC 9110 §5.6.7', 'an IMF-fixdate', must(hasDate, valueText('last-modified')));
  const isType = isAbsent('content-type') || isMediaType(valueOf(answer, 'content-type') ?? '');
  ask('the form of the Content-Type', 'RFC 9110 §8.3.1', 'a media type', must(isType, valueText('content-type')));
  const isPast = !isInFuture(whole);
  ask('a Last-Modified in the future', 'RFC 9110 §8.8.2.1', 'none', must(isPast, valueText('last-modified')));
  ask(
    'whether a download can be resumed',
    'RFC 9110 §13.1.5',
    'a strong ETag, or a Last-Modified',
    should(
      strongTag !== undefined || lastModified !== undefined,
      `${valueText('etag')}, ${valueText('last-modified')}${isAbsent('etag') && isAbsent('last-modified') ? TOO_YOUNG : ''}`,
    ),
  );
  return findings;
}

/** `type "/" subtype`, and parameters of any form. */
function isMediaType(value: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+[ \t]*(?:;.*)?$/.test(value);
}

function isInFuture({ answer, lastModified = 0 }: Whole): boolean {
  const date = Date.parse(valueOf(answer, 'date') ?? '');
  return lastModified > (Number.isNaN(date) ? Date.now() : date);
}
