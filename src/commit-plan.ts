import { DECLARABLE, type Declared } from './describe-representation.js';
import { forbidsTransform, withNoTransform } from './http/content-fields.js';
import type { Fields, ResponsePlan } from './http/response-plan.js';
import type { HttpExchange } from './http-exchange.js';
import { preconditionFailed, RangeNotSatisfiableException } from './range.exceptions.js';

/** What of a success must not stand beside another answer, unless the answer has it itself. */
const CONTENT_FIELDS = ['content-length', 'content-range', 'content-encoding'];
/** Never both: RFC 9112 §6.2. */
const FRAMING_FIELDS = ['content-length', 'transfer-encoding'];
const REPLACED_FIELDS = [...CONTENT_FIELDS, 'transfer-encoding'];
/** Those that the proxy which sends the file has of its own. */
const OFFLOADED_FIELDS = [...REPLACED_FIELDS, 'accept-ranges', 'etag', 'last-modified'];
const DESCRIPTIVE_FIELDS = [
  ...REPLACED_FIELDS,
  'content-type',
  'content-language',
  'content-disposition',
  'accept-ranges',
  'last-modified',
];
const SUCCESS_FIELDS = [...DESCRIPTIVE_FIELDS, 'etag', 'cache-control', 'content-location', 'expires'];

/** Removes what was meant for the file: an error of ours is about to be answered instead. */
export function clear(exchange: HttpExchange, ofError: Fields): void {
  exchange.setFields({ 'cache-control': 'no-store', ...ofError }, SUCCESS_FIELDS);
}

/** 412 and 416 go through the app's exception filters, with nothing of the file on them. */
export function refuse(exchange: HttpExchange, { kind, fields }: ResponsePlan): void {
  if (kind !== 'precondition-failed' && kind !== 'range-not-satisfiable') return;
  exchange.setFields(fields, SUCCESS_FIELDS);
  throw kind === 'precondition-failed' ? preconditionFailed() : new RangeNotSatisfiableException();
}

/** Sets the status and the fields. What another interceptor has set since the response was planned has the last word. */
export function commit(exchange: HttpExchange, plan: ResponsePlan, declared: Declared): void {
  exchange.keepEncoding();
  exchange.setStatus(plan.status);
  let { fields } = plan;
  for (const name of DECLARABLE) {
    const value = exchange.field(name);
    if (value !== declared[name]) fields = replaceField(fields, name, value);
  }
  exchange.setFields(fields, outdatedFields(plan));
}

function replaceField(fields: Fields, name: string, value: string | undefined): Fields {
  const { [name]: planned, ...others } = fields;
  if (value === undefined || planned === undefined) return others;
  const isKept = name === 'cache-control' && forbidsTransform(planned);
  return { ...others, [name]: isKept ? withNoTransform(value) : value };
}

/** The fields of the handler's that do not describe the content which is sent. */
function outdatedFields(plan: ResponsePlan): readonly string[] {
  if (plan.kind === 'not-modified') return DESCRIPTIVE_FIELDS;
  if (plan.kind === 'delegated') return plan.fields['location'] === undefined ? OFFLOADED_FIELDS : SUCCESS_FIELDS;
  const isLengthKnown = 'contentLength' in plan && plan.contentLength !== undefined;
  if (plan.kind === 'full' && plan.status !== 200) return isLengthKnown ? FRAMING_FIELDS : [];
  return isLengthKnown ? REPLACED_FIELDS : CONTENT_FIELDS;
}
