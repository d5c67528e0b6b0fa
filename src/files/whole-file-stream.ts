import { LazyStream, type PipeOptions } from '../content/lazy-stream.js';
import { SoleWriter } from '../content/writing/sole-writer.js';
import { wholeContent } from '../content/whole-content.js';
import { frameHead } from '../exchange/head-framing.js';
import { exchangeOf } from '../exchange/frameworks/exchange-of.js';
import { type HttpExchange, isResponse } from '../exchange/http-exchange.js';
import { contentHeaders, DEFAULT_TYPE } from '../http/content-headers.js';
import { type Declared, declaredHeaders, describeRepresentation } from '../negotiation/describe-representation.js';
import { statusOf, toHttpException } from '../negotiation/range.exceptions.js';
import { type RangedOptions, toServingOptions } from '../negotiation/ranged-options.js';
import { clear } from '../negotiation/response-headers.js';
import type { RangeSource, Representation } from '../sources/source.js';

/** The parts of a RangedFile. */
export interface SourcedFile {
  readonly source: RangeSource;
  readonly rangedOptions?: RangedOptions | undefined;
}

/**
 * Streams a whole RangedFile for a reply without negotiation. If it is piped straight into the response, it sets the headers
 * that only the source knows.
 */
export class WholeFileStream extends LazyStream {
  private destination: NodeJS.WritableStream | undefined;
  private writer: SoleWriter | undefined;
  private exchange: HttpExchange | undefined;
  private declared: Declared | undefined;

  constructor(private readonly file: SourcedFile) {
    super((signal) => wholeContent(file.source, signal, (representation) => this.describe(representation)));
  }

  /** Whether a reply or another reader uses it already, so that the next reply needs a new stream. */
  get isTaken(): boolean {
    return this.destination !== undefined || this.isOpened || this.destroyed;
  }

  /** Sets the response to send to, and records its headers before Nest's adapter adds its defaults. */
  replyTo(exchange: HttpExchange): this {
    this.exchange = exchange;
    this.declared = declaredHeaders(undefined, exchange);
    exchange.beforeHead((status) => frameHead(exchange, status));
    return this;
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: PipeOptions): T {
    if (this.isTaken) return new WholeFileStream(this.file).pipe(destination, options);
    this.destination = destination;
    if (isResponse(destination))
      this.writer = new SoleWriter(destination, (error) => super.fail(error)).keepForPipe(this);
    return super.pipe(destination, options);
  }

  protected override fail(error: unknown): void {
    const exception = toHttpException(error);
    if (this.exchange?.response.headersSent === false) clear(this.exchange, statusOf(exception), {});
    super.fail(exception);
  }

  /** Cuts the response too: it must not look complete, nor wait forever. An error before the head is left to error handlers. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.writer?.releaseUnsent();
    const { destination } = this;
    const isUnfinished = !this.readableEnded && isResponse(destination) && !destination.writableEnded;
    if (isUnfinished && (error === null || destination.headersSent)) exchangeOf(destination.req, destination).cut();
    super._destroy(error, callback);
  }

  /** Sets the headers of the file, except those that the app has set. */
  private describe(representation: Representation): void {
    const { destination } = this;
    if (!isResponse(destination) || destination.headersSent) return;
    const exchange = exchangeOf(destination.req, destination);
    const declared = this.declaredOn(exchange, representation);
    const options = toServingOptions(this.file.rangedOptions ?? {});
    const described = describeRepresentation(representation, options, declared, Date.now());
    const { 'x-content-type-options': _, ...headers } = contentHeaders(described);
    if (described.size !== undefined && exchange.header('transfer-encoding') === undefined)
      headers['content-length'] = String(described.size);
    exchange.setHeaders(headers, []);
  }

  private declaredOn(exchange: HttpExchange, { headers }: Representation): Declared {
    const declared = declaredHeaders(headers, exchange);
    if (this.declared === undefined) return withoutDefaultType(declared);
    const { 'content-type': _, 'content-disposition': __, ...others } = declared; // these may be Nest's defaults
    return { ...others, ...this.declared };
  }
}

/** Drops the type if it is Nest's default. */
function withoutDefaultType({ 'content-type': type, ...declared }: Declared): Declared {
  return type === undefined || type === DEFAULT_TYPE ? declared : { ...declared, 'content-type': type };
}
