import { type ByteRange, rangeLength } from './byte-range.js';
import { contentFields, DEFAULT_TYPE, withNoTransform } from './content-fields.js';
import { offloadFields, redirectionFields, redirectionStatus } from './delegated-fields.js';
import { formatHttpDate } from './http-date.js';
import { contentRange, layOutMultipart, unsatisfiedRange } from './multipart.js';
import { type Conditions, evaluatePreconditions, ifRangeHolds } from './preconditions.js';
import { isRangeSet, type RangeSet } from './range-header.js';
import type { Delegation, DescribedRepresentation, RepresentationMetadata } from './representation.js';
import { areAscending, selectRanges, type SelectionPolicy } from './select-ranges.js';

/** What of a request decides its answer. */
export interface RequestFacts extends Conditions {
  readonly method: string;
  /** The status the handler chose; anything but 200 leaves its answer whole and unconditional. */
  readonly status: number;
  /** The Range field as received. */
  readonly range?: string | undefined;
  /** When the request came, in ms since the epoch. */
  readonly receivedAt: number;
}

export interface ResponsePolicy extends SelectionPolicy {
  /** `false`: ranges are refused, and the response says so. */
  readonly acceptRanges: boolean;
  /** Reads a Range field; `undefined`: not understood, to be ignored. */
  parseRange(fieldValue: string): RangeSet | undefined;
  /** A fresh multipart boundary, unguessable and at most 70 characters of a token. */
  newBoundary(): string;
}

/** A run of the response's content: octets of the representation (`undefined`: all of them), or literal Latin-1 text. */
export type Segment =
  | { readonly kind: 'octets'; readonly range: ByteRange | undefined; readonly length: number | undefined }
  | { readonly kind: 'text'; readonly text: string };

/** Field names in lower case, with their values. */
export type Fields = Readonly<Record<string, string>>;

interface ContentPlan {
  readonly fields: Fields;
  readonly content: readonly Segment[];
  /** Of the content a GET gets, in octets; `undefined` where the complete length is unknown. */
  readonly contentLength: number | undefined;
}

/** The answer to a request as a value: all its fields, and its content as a list of segments. */
export type ResponsePlan =
  | (ContentPlan & { readonly kind: 'full'; readonly status: number })
  | (ContentPlan & { readonly kind: 'partial'; readonly status: 206 })
  | (ContentPlan & { readonly kind: 'multipart'; readonly status: 206 })
  | (ContentPlan & { readonly kind: 'delegated'; readonly status: number })
  | { readonly kind: 'not-modified'; readonly status: 304; readonly fields: Fields }
  | { readonly kind: 'precondition-failed'; readonly status: 412; readonly fields: Fields }
  | { readonly kind: 'range-not-satisfiable'; readonly status: 416; readonly fields: Fields };

/**
 * Decides the whole answer to a request for a representation, in the order of RFC 9110: preconditions (§13.2.2), then
 * Range with If-Range (§14.2) for a GET that would otherwise be answered 200.
 */
export function planResponse(
  request: RequestFacts,
  representation: DescribedRepresentation,
  policy: ResponsePolicy,
): ResponsePlan {
  if (representation.delegated !== undefined) return planDelegated(request, representation, representation.delegated);
  const { method, receivedAt } = request;
  if (request.status !== 200 || (method !== 'GET' && method !== 'HEAD')) {
    const { 'cache-control': _, ...fields } = contentFields(representation); // was meant for the 200
    return planFull(request, representation, fields);
  }
  const { size } = representation;
  const offersRanges = policy.acceptRanges && size !== undefined;
  const fields = selectedFields(representation, offersRanges ? 'bytes' : 'none');
  switch (evaluatePreconditions(request, representation, receivedAt)) {
    case 'not-modified':
      return { kind: 'not-modified', status: 304, fields: notModifiedFields(fields) };
    case 'precondition-failed':
      return { kind: 'precondition-failed', status: 412, fields: { 'cache-control': 'no-store' } };
    case 'proceed':
  }
  const rangeSet = offersRanges ? requestedRanges(request, representation, policy) : undefined;
  if (rangeSet === undefined || size === undefined) return planFull(request, representation, fields);
  const selection = selectRanges(rangeSet, size, policy);
  switch (selection.kind) {
    case 'whole':
      return planFull(request, representation, fields);
    case 'unsatisfiable':
      return planNotSatisfiable(size);
    case 'ranges': {
      const [first, second] = selection.ranges;
      if (second === undefined) return planPartial(first, size, fields);
      const plan = planMultipart(selection.ranges, size, fields, policy.newBoundary());
      const readable = representation.forwardOnly !== true || areAscending(selection.ranges);
      return readable && plan.contentLength <= size ? plan : planFull(request, representation, fields);
    }
  }
}

/** The ranges to obey; `undefined` where the Range field does not exist for this request. */
function requestedRanges(
  { method, range, ifRange, receivedAt }: RequestFacts,
  representation: RepresentationMetadata,
  policy: ResponsePolicy,
): RangeSet | undefined {
  if (method !== 'GET' || range === undefined) return undefined;
  if (ifRange !== undefined && !ifRangeHolds(ifRange, representation, receivedAt)) return undefined;
  const rangeSet = policy.parseRange(range);
  return rangeSet !== undefined && isRangeSet(rangeSet) ? rangeSet : undefined;
}

function planFull(
  { method, status }: RequestFacts,
  { size }: RepresentationMetadata,
  fields: Fields,
): ResponsePlan & { kind: 'full' } {
  if (WITHOUT_CONTENT.has(status)) return { kind: 'full', status, fields, content: [], contentLength: 0 };
  return {
    kind: 'full',
    status,
    fields: size === undefined ? fields : { ...fields, 'content-length': String(size) },
    content: method === 'HEAD' || size === 0 ? [] : [{ kind: 'octets', range: undefined, length: size }],
    contentLength: size,
  };
}

/** Statuses whose responses have no content, so that no length of it can be told either (§8.6, §15.3.5, §15.3.6). */
const WITHOUT_CONTENT = new Set([204, 205, 304]);

function planPartial(range: ByteRange, size: number, fields: Fields): ResponsePlan {
  const length = rangeLength(range);
  return {
    kind: 'partial',
    status: 206,
    fields: { ...withoutDigests(fields), 'content-length': String(length), 'content-range': contentRange(range, size) },
    content: [{ kind: 'octets', range, length }],
    contentLength: length,
  };
}

/** The coding of the representation is that of each part; on top it would claim the multipart body for itself. */
function planMultipart(
  ranges: readonly ByteRange[],
  size: number,
  { 'content-type': type = DEFAULT_TYPE, 'content-encoding': coding, ...fields }: Fields,
  boundary: string,
): ResponsePlan & { kind: 'multipart'; contentLength: number } {
  const partFields: (readonly [string, string])[] = [['Content-Type', type]];
  if (coding !== undefined) partFields.push(['Content-Encoding', coding]);
  const { contentType, heads, tail } = layOutMultipart(ranges, size, partFields, boundary);
  const content: Segment[] = [];
  let contentLength = tail.length;
  ranges.forEach((range, i) => {
    const text = heads[i] ?? '';
    const length = rangeLength(range);
    content.push({ kind: 'text', text }, { kind: 'octets', range, length });
    contentLength += text.length + length;
  });
  content.push({ kind: 'text', text: tail });
  return {
    kind: 'multipart',
    status: 206,
    fields: { ...withoutDigests(fields), 'content-type': contentType, 'content-length': String(contentLength) },
    content,
    contentLength,
  };
}

/** Whoever sends the octets evaluates Range and preconditions, by validators of its own: ours would mix with those. */
function planDelegated(
  request: RequestFacts,
  representation: RepresentationMetadata,
  delegation: Delegation,
): ResponsePlan {
  const fields =
    delegation.status === 200
      ? offloadFields(representation, delegation)
      : redirectionFields(representation, delegation);
  const status = delegation.status === 200 ? request.status : redirectionStatus(request);
  return { ...planFull({ ...request, status }, NO_OCTETS, fields), kind: 'delegated' };
}

const NO_OCTETS = { size: 0 };

/** Digests of a message's content (RFC 9530 §2): what a source knows is that of the whole. */
function withoutDigests(fields: Fields): Fields {
  if (fields['content-digest'] === undefined && fields['content-md5'] === undefined) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !/^content-(?:digest|md5)$/.test(name)));
}

function planNotSatisfiable(size: number): ResponsePlan {
  const fields = { 'content-range': unsatisfiedRange(size), 'accept-ranges': 'bytes', 'cache-control': 'no-store' };
  return { kind: 'range-not-satisfiable', status: 416, fields };
}

/** The fields of the 200, which a 206 shares (§15.3.7). */
function selectedFields(representation: RepresentationMetadata, acceptRanges: 'bytes' | 'none'): Fields {
  const fields = contentFields(representation);
  fields['accept-ranges'] = acceptRanges;
  const { etag, lastModified } = representation;
  if (etag !== undefined) fields['etag'] = etag;
  if (lastModified !== undefined) fields['last-modified'] = formatHttpDate(lastModified.getTime());
  fields['cache-control'] = withNoTransform(fields['cache-control']);
  return fields;
}

/** The fields of the 200 that update a stored response (§15.4.5); Last-Modified only where no entity tag serves. */
function notModifiedFields(selected: Fields): Fields {
  const kept: Record<string, string> = {};
  const validator = selected['etag'] === undefined ? 'last-modified' : 'etag';
  for (const name of [validator, 'cache-control', 'content-location', 'expires', 'vary']) {
    const value = selected[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
