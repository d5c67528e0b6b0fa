import { parseContentRange } from '../check-answer.js';
import { headerOf, type Refusal } from '../store-errors.js';

/** The members used of a command. A test double for the client may ignore its middleware. */
export interface S3Command {
  readonly middlewareStack?: { add(middleware: Middleware, options: object): void };
}

type Next = (args: unknown) => Promise<{ readonly response?: unknown }>;
type Middleware = (next: Next) => Next;

/** A response before the SDK parses it. */
interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

/** The store's responses by the errors that the SDK has thrown for them. */
const refusals = new WeakMap<object, Refusal>();

export function refusalOf(error: unknown): Refusal | undefined {
  return typeof error === 'object' && error !== null ? refusals.get(error) : undefined;
}

/**
 * Sends a command, and records whether the store itself has responded. The error alone does not tell: a credentials service
 * fails with errors of the same kind.
 *
 * @throws what the client throws; `refusalOf` returns the store's response
 */
export async function sendCommand<T>(command: S3Command, send: () => Promise<T>): Promise<T> {
  const request = new WatchedRequest(command);
  try {
    return await send();
  } catch (error) {
    const refusal = request.refusal(error);
    if (refusal !== undefined) refusals.set(error as object, refusal);
    throw error;
  }
}

class WatchedRequest {
  /** Whether the SDK has started the command, which a test double does not do. */
  private hasBegun = false;
  private answer: RawAnswer | undefined;

  constructor({ middlewareStack }: S3Command) {
    middlewareStack?.add((next) => (args) => this.begin(next, args), { step: 'initialize', name: 'nestjsRangeBegin' });
    // The last middleware before the request is sent, and the first to see the response.
    const atLast = { step: 'deserialize', priority: 'low', name: 'nestjsRangeAnswer' };
    middlewareStack?.add((next) => (args) => this.pass(next, args), atLast);
  }

  refusal(error: unknown): Refusal | undefined {
    const { $metadata = {}, $response, name } = (error ?? {}) as S3Error;
    const status = $metadata.httpStatusCode ?? $response?.statusCode ?? STATUSES[name ?? ''];
    if (typeof status !== 'number' || status < 300) return undefined;
    if (this.hasBegun && (this.answer === undefined || this.answer !== ($response ?? this.answer))) return undefined;
    const headers = $response?.headers ?? this.answer?.headers;
    return { status: isDeleteMarker(status, headers) ? 404 : status, code: name, headers };
  }

  private begin(next: Next, args: unknown): ReturnType<Next> {
    this.hasBegun = true;
    return next(args);
  }

  private async pass(next: Next, args: unknown): ReturnType<Next> {
    this.answer = undefined; // from an earlier attempt
    const result = await next(args);
    if (isAnswer(result.response)) {
      this.answer = result.response;
      withoutChecksumOfMore(result.response);
    }
    return result;
  }
}

/** Statuses of errors that a test double throws without one. */
const STATUSES: Readonly<Record<string, number | undefined>> = { NoSuchKey: 404, NotFound: 404, NoSuchVersion: 404 };

/** The members used of an SDK error. */
interface S3Error {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: unknown };
}

function isAnswer(response: unknown): response is RawAnswer {
  const { statusCode, headers } = (response ?? {}) as Partial<RawAnswer>;
  return typeof statusCode === 'number' && typeof headers === 'object' && headers !== null;
}

/** Reading a delete marker, a version that marks the object as deleted, fails with 405. */
function isDeleteMarker(status: number, headers: unknown): boolean {
  return status === 405 && headerOf(headers, 'x-amz-delete-marker') === 'true';
}

/**
 * By default the SDK requests the checksum of an object and verifies it. Some stores send the checksum of the whole object
 * with a part, which would fail each range at its end.
 */
function withoutChecksumOfMore({ statusCode, headers }: RawAnswer): void {
  const range = parseContentRange(headers['content-range'] ?? '');
  const isWhole = range !== undefined && range.firstPos === 0 && range.lastPos + 1 === range.size;
  if (statusCode !== 206 || isWhole) return;
  for (const name of Object.keys(headers)) {
    if (/^x-amz-checksum-/i.test(name)) delete headers[name];
  }
}
