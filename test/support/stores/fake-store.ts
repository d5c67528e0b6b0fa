import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** An object in the fake store. */
export interface StoredObject {
  readonly bytes: Buffer;
  /** Counts up with each version; the entity tag and the generation are made of it. */
  readonly version: number;
  readonly modified: Date;
  /** As HTTP fields, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers in place of the store; `true`: it has. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Speaks as much of three stores' protocols as reading an object takes: `/s3/bucket/key` (and any plain GET), Azure's
 * `/azure/container/blob`, and the JSON API of Google's at `/storage/v1/b/bucket/o/name`.
 */
export class FakeStore {
  readonly objects = new Map<string, StoredObject>();
  /** Method, path and Range of each request. */
  readonly requests: {
    method: string;
    path: string;
    query: string;
    headers: Record<string, string | undefined>;
  }[] = [];
  /** Tried in turn; one that answers is used up. */
  readonly interferences: Interference[] = [];
  private readonly responses = new Set<ServerResponse>();
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => this.handle(request, response));
  private versions = 1_700_000_000_000_000;

  static async start(): Promise<FakeStore> {
    const store = new FakeStore();
    store.server.on('connection', (socket) => {
      store.sockets.add(socket);
      socket.once('close', () => store.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => {
      store.server.listen(0, '127.0.0.1', resolve);
    });
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many responses are neither sent to their end nor cut off. */
  get underWay(): number {
    return this.responses.size;
  }

  /** How many connections are open, those that a client keeps for its next request included. */
  get connections(): number {
    return this.sockets.size;
  }

  put(name: string, bytes: Uint8Array, headers: Record<string, string> = {}): void {
    const modified = new Date(Date.UTC(2024, 1, 29, 12, 34, 56) + (this.versions % 1000) * 1000);
    const version = this.versions++;
    this.objects.set(name, {
      bytes: Buffer.from(bytes),
      version,
      modified,
      headers: { ...DEFAULT_HEADERS, ...headers },
    });
  }

  /** Puts back what was there, as it was. */
  restore(name: string, object: StoredObject): void {
    this.objects.set(name, object);
  }

  /** Cuts off the responses that are under way: what a client cannot abort stays open otherwise. */
  hangUp(): void {
    for (const response of this.responses) response.destroy();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search: query, searchParams } = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(pathname);
    const headers = request.headers as Record<string, string | undefined>;
    this.requests.push({ method: request.method ?? '', path, query, headers });
    this.responses.add(response);
    response.once('close', () => this.responses.delete(response));
    if (this.interferences[0]?.(request, response) === true) {
      this.interferences.shift();
      return;
    }
    const [, dialect = ''] = path.split('/', 2);
    if (dialect === 'storage' || dialect === 'download') this.answerGoogle(path, searchParams, request, response);
    else this.answer(request, response, this.objects.get(path.split('/').slice(3).join('/')), tagOf, headers);
  }

  /** `GET /storage/v1/b/bucket/o/name`, with `alt=media` for the bytes. */
  private answerGoogle(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const name = path.split('/o/', 2)[1] ?? '';
    const object = this.objects.get(name);
    const generation = query.get('generation');
    if (object === undefined || (generation !== null && generation !== String(object.version))) {
      sendText(response, 404, JSON.stringify({ error: { code: 404, message: 'No such object' } }));
    } else if (query.get('alt') === 'media') {
      const tag = (): string => `"${object.bytes.length}"`; // its ETag says nothing of the generation
      this.answer(request, response, object, tag, { ...request.headers, 'if-match': undefined } as never);
    } else {
      sendText(response, 200, JSON.stringify(googleMetadata(name, object)));
    }
  }

  private answer(
    { method }: IncomingMessage,
    response: ServerResponse,
    object: StoredObject | undefined,
    toTag: (object: StoredObject) => string,
    asked: Record<string, string | undefined>,
  ): void {
    if (object === undefined) return sendText(response, 404, '<Error><Code>NoSuchKey</Code></Error>');
    const { bytes, modified, version } = object;
    const tag = object.headers['etag'] ?? toTag(object);
    const ifMatch = asked['if-match'];
    if (ifMatch !== undefined && (ifMatch !== tag || tag.startsWith('W/'))) {
      return sendText(response, 412, '<Error><Code>PreconditionFailed</Code></Error>');
    }
    const head = {
      ...object.headers,
      etag: tag,
      'last-modified': modified.toUTCString(),
      'accept-ranges': 'bytes',
      'x-goog-generation': String(version),
    };
    const range = /^bytes=(\d+)-(\d*)$/.exec(asked['x-ms-range'] ?? asked['range'] ?? '');
    if (range === null) {
      response.writeHead(200, { ...head, 'content-length': bytes.length });
      response.end(method === 'HEAD' ? undefined : bytes);
      return;
    }
    const firstPos = Number(range[1]);
    const lastPos = Math.min(range[2] === '' ? Infinity : Number(range[2]), bytes.length - 1);
    if (firstPos >= bytes.length) {
      response.setHeader('content-range', `bytes */${bytes.length}`);
      return sendText(response, 416, '<Error><Code>InvalidRange</Code></Error>');
    }
    response.writeHead(206, {
      ...head,
      'content-range': `bytes ${firstPos}-${lastPos}/${bytes.length}`,
      'content-length': lastPos - firstPos + 1,
    });
    response.end(bytes.subarray(firstPos, lastPos + 1));
  }
}

const DEFAULT_HEADERS = { 'content-type': 'video/mp4', 'cache-control': 'max-age=60' };

/** The entity tag of a version, as S3 and Azure give it here. */
export function tagOf({ version }: StoredObject): string {
  return `"v${version}"`;
}

/** An object's resource in Google's JSON API. */
function googleMetadata(name: string, { bytes, version, modified, headers }: StoredObject): object {
  return {
    name,
    size: String(bytes.length),
    generation: String(version),
    updated: modified.toISOString(),
    contentType: headers['content-type'],
    cacheControl: headers['cache-control'],
    contentEncoding: headers['content-encoding'],
    contentDisposition: headers['content-disposition'],
    contentLanguage: headers['content-language'],
  };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': text.startsWith('{') ? 'application/json' : 'application/xml' });
  response.end(text);
}

/** Answers once with a status and some fields. */
export function answering(status: number, headers: Record<string, string> = {}): Interference {
  return (_, response) => {
    response.writeHead(status, headers);
    response.end(status < 400 ? '' : '<Error/>');
    return true;
  };
}

/** Steps in only for a request that has the given method or a range. */
export function when(condition: (request: IncomingMessage) => boolean, then: Interference): Interference {
  return (request, response) => condition(request) && then(request, response);
}
