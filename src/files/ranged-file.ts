import { StreamableFile } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { exchangeOf } from '../exchange/frameworks/exchange-of.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { formatContentDisposition } from '../http/headers/content-disposition.js';
import { statusOf, toHttpException } from '../negotiation/range.exceptions.js';
import { checkRangedOptions, type RangedOptions } from '../negotiation/ranged-options.js';
import { clear } from '../negotiation/response-headers.js';
import { checkSource } from '../sources/options/given-value.js';
import type { RangeSource } from '../sources/source.js';
import { fileIsNotJson } from './file-json.js';
import { RANGED_FILE } from './file-symbols.js';
import { NO_STREAM } from './placeholder-stream.js';
import { WholeFileStream } from './whole-file-stream.js';

/**
 * A file for a handler to return. It is opened only if the response needs its content, and only the bytes it needs are read.
 * On a route without the interceptor it is an ordinary StreamableFile: opened at the first read and sent whole.
 *
 * @example
 * return new RangedFile(fileSource(name, { root: MEDIA }), { disposition: 'inline' });
 */
export class RangedFile extends StreamableFile {
  /** @internal */
  readonly [RANGED_FILE] = true;
  private whole: WholeFileStream | undefined;

  /**
   * @param rangedOptions override those of route, controller and module
   * @throws TypeError if `source` is not a source, and for an unknown or invalid option
   */
  constructor(
    readonly source: RangeSource,
    readonly rangedOptions?: RangedOptions,
  ) {
    super(NO_STREAM, rangedOptions === undefined ? {} : toStreamableOptions(rangedOptions));
    checkSource(source);
    this.setErrorHandler(answerFailure);
  }

  /** A stream of the whole file. Once a reply has taken it, the next call returns a new one. */
  override getStream(): Readable {
    return this.unread();
  }

  /**
   * The file for a single reply without negotiation, with the stream that `getStream()` has already returned, if any.
   *
   * @internal
   */
  take(exchange: HttpExchange): StreamableFile {
    const stream = this.unread().replyTo(exchange);
    this.whole = undefined;
    return new StreamableFile(stream, this.options).setErrorHandler(this.errorHandler).setErrorLogger(this.errorLogger);
  }

  /** @internal Throws: JSON would expose internals. */
  toJSON(key: string): string {
    return fileIsNotJson(key);
  }

  private unread(): WholeFileStream {
    if (this.whole === undefined || this.whole.isTaken) this.whole = new WholeFileStream(this);
    return this.whole;
  }
}

/** The getter formats Content-Disposition only if somebody reads it; our interceptor does not. */
function toStreamableOptions(options: RangedOptions): StreamableFile['options'] {
  const { type, filename, disposition } = checkRangedOptions(options, 'RangedFile');
  const ofType = type === undefined ? {} : { type };
  if (filename === undefined && disposition === undefined) return ofType;
  return {
    get disposition() {
      return formatContentDisposition(disposition, filename);
    },
    ...ofType,
  };
}

type ErrorHandler = StreamableFile['errorHandler'];
type HandlerResponse = Parameters<ErrorHandler>[1];

/** The part of Express' response that we use. Only Express passes stream errors to the file. */
interface FailedResponse {
  readonly req?: { readonly next?: (error: unknown) => void };
  destroy?(): void;
}

/** Passes the error to the app's exception filters; after the headers, cuts the connection. */
function answerFailure(error: Error, response: HandlerResponse & FailedResponse): void {
  if (response.destroyed) return;
  if (response.headersSent) return response.destroy?.();
  const exception = toHttpException(error);
  clear(exchangeOf(response.req, response), statusOf(exception), {});
  response.req?.next?.(exception);
}

/** Common to RangedFile and RangedResponse, also those of the package's other copy (ESM beside CommonJS). */
export interface WithSource {
  readonly source: RangeSource;
  readonly rangedOptions?: RangedOptions;
  take(exchange: HttpExchange): StreamableFile;
}

/** Whether a value is a RangedFile, or a RangedResponse that was negotiated for another request. */
export function isRangedFile(value: object): value is WithSource {
  return RANGED_FILE in value;
}
