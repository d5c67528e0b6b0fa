import type { ByteRange, RangedResponseMessage } from 'nestjs-range';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request and what has become of it so far, as the page gets it. */
export interface Exchange {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  /** `undefined`: there is no head yet. So for all that follow. */
  readonly status: number | undefined;
  readonly contentRange: string | undefined;
  /** The complete length of the representation in bytes. */
  readonly size: number | undefined;
  /** What of the representation is to be sent, positions inclusive. */
  readonly ranges: readonly ByteRange[];
  readonly bytesSent: number;
  /** `undefined`: it is under way. */
  readonly outcome: RangedResponseMessage['outcome'] | undefined;
  readonly durationMs: number;
}

/** Looks at an exchange from outside, until the package tells how it went. */
export class WatchedExchange {
  /** What the package has published; nothing, where it is not asked. */
  report: RangedResponseMessage | undefined;
  private readonly startedAt = performance.now();
  private readonly bytesBefore: number;

  constructor(
    private readonly id: number,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.bytesBefore = this.bytesOfConnection;
    // By this field one finds a request in the log. And since it is set already, Node.js keeps what Fastify adds to it.
    response.setHeader('X-Exchange', String(id));
  }

  state(): Exchange {
    const { request, response, report } = this;
    const { method = '', headers } = request;
    const hasHead = response.headersSent;
    const contentRange = hasHead ? headerOf(response, 'content-range') : undefined;
    const outcome = this.outcome();
    const { bytesSent } = this;
    const told = hasHead ? this.size(contentRange, outcome === 'complete' ? bytesSent : undefined) : undefined;
    const size = report?.completeLength ?? told;
    return {
      id: this.id,
      method,
      path: pathOf(request),
      range: headers.range,
      ifRange: headers['if-range']?.toString(),
      status: hasHead ? response.statusCode : undefined,
      contentRange,
      size,
      ranges: report?.status === 206 ? report.ranges : this.ranges(contentRange, size),
      bytesSent,
      outcome,
      durationMs: Math.round(report?.durationMs ?? performance.now() - this.startedAt),
    };
  }

  private outcome(): Exchange['outcome'] {
    if (!this.response.closed) return undefined;
    return this.report?.outcome ?? (this.response.writableEnded ? 'complete' : 'aborted');
  }

  /** Until it is published: what has left on the connection since, the head included, a few hundred bytes. */
  get bytesSent(): number {
    if (this.report !== undefined) return this.report.bytesSent;
    if (!this.response.headersSent || this.request.method === 'HEAD') return 0;
    const length = lengthOf(this.response) ?? Infinity;
    return Math.min(length, this.bytesOfConnection - this.bytesBefore);
  }

  private get bytesOfConnection(): number {
    const { socket } = this.request;
    return socket.bytesWritten - socket.writableLength;
  }

  private size(contentRange: string | undefined, whole: number | undefined): number | undefined {
    if (contentRange !== undefined) return parseContentRange(contentRange).size;
    return this.response.statusCode === 200 ? (lengthOf(this.response) ?? whole) : undefined;
  }

  private ranges(contentRange: string | undefined, size: number | undefined): readonly ByteRange[] {
    if (this.request.method === 'HEAD') return [];
    if (contentRange !== undefined) return parseContentRange(contentRange).ranges;
    return size === undefined || size === 0 ? [] : [{ firstPos: 0, lastPos: size - 1 }];
  }
}

/** Of the request as it came, without its query. */
function pathOf(request: IncomingMessage): string {
  return targetOf(request).pathname;
}

/** Express takes what it has routed by from `url`, and keeps all of it in `originalUrl`. */
export function targetOf(request: IncomingMessage & { originalUrl?: string }): URL {
  return new URL(request.originalUrl ?? request.url ?? '/', 'http://localhost');
}

function headerOf(response: ServerResponse, name: string): string | undefined {
  return response.getHeader(name)?.toString();
}

function lengthOf(response: ServerResponse): number | undefined {
  const value = headerOf(response, 'content-length');
  return value === undefined ? undefined : Number(value);
}

/** Of what this server has just written: `bytes a-b/size`, without positions in a 416. */
function parseContentRange(value: string): { readonly ranges: readonly ByteRange[]; readonly size: number } {
  const [, firstPos, lastPos, size] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(value) ?? [];
  const isPart = firstPos !== undefined && lastPos !== undefined;
  return {
    ranges: isPart ? [{ firstPos: Number(firstPos), lastPos: Number(lastPos) }] : [],
    size: Number(size),
  };
}
