import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { AzureBlobClientLike } from '../../../src/sources/stores/azure/azure-blob-source.js';
import type { GcsFileLike } from '../../../src/sources/stores/gcs/gcs-source.js';
import type { GridFsBucketLike, GridFsFile } from '../../../src/sources/stores/gridfs/gridfs-source.js';
import type { S3ClientLike } from '../../../src/sources/stores/s3/s3-source.js';
import type { FakeStore } from './fake-store.js';

/** Few connections: a body that is not let go of stalls what comes after it, as it would with the real clients. */
const MAX_SOCKETS = 10;

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  readonly agent: Agent;
}

function send(url: string, { signal, ...options }: Sent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { ...options, ...(signal === undefined ? {} : { signal }) }, resolve);
    request.on('error', reject).end();
  });
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  return headers[name] as string | undefined;
}

function lengthOf(response: IncomingMessage): number | undefined {
  const text = headerOf(response, 'content-length');
  return text === undefined ? undefined : Number(text);
}

/** An error as the AWS SDK throws it: its name is the code in the body, which a response to HEAD lacks. */
async function awsError(response: IncomingMessage): Promise<Error> {
  const { statusCode, headers } = response;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const name = /<Code>(\w+)<\/Code>/.exec(Buffer.concat(chunks).toString())?.[1] ?? 'Unknown';
  return Object.assign(new Error(`UnknownError ${statusCode}`), {
    name,
    $metadata: { httpStatusCode: statusCode },
    $response: { headers },
  });
}

/** What stands for `@aws-sdk/client-s3` in this suite: see jest.config.js. */
interface Command {
  readonly kind: 'head' | 'get';
  readonly input: { Bucket: string; Key: string; VersionId?: string; Range?: string; IfMatch?: string };
}

export class FakeS3Client implements S3ClientLike {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });

  constructor(private readonly store: FakeStore) {}

  async send(command: never, options: { abortSignal?: AbortSignal } = {}): Promise<unknown> {
    const { kind, input } = command as Command;
    const response = await send(`${this.store.url}/s3/${input.Bucket}/${input.Key}`, {
      method: kind === 'head' ? 'HEAD' : 'GET',
      headers: {
        ...(input.Range === undefined ? {} : { range: input.Range }),
        ...(input.IfMatch === undefined ? {} : { 'if-match': input.IfMatch }),
        ...(input.VersionId === undefined ? {} : { 'x-version-id': input.VersionId }),
      },
      signal: options.abortSignal,
      agent: this.agent,
    });
    if ((response.statusCode ?? 0) >= 300) throw await awsError(response);
    if (kind === 'head') response.resume();
    return {
      ContentLength: lengthOf(response),
      ContentRange: headerOf(response, 'content-range'),
      ETag: headerOf(response, 'etag'),
      LastModified: new Date(headerOf(response, 'last-modified') ?? ''),
      ContentType: headerOf(response, 'content-type'),
      CacheControl: headerOf(response, 'cache-control'),
      ContentDisposition: headerOf(response, 'content-disposition'),
      ContentEncoding: headerOf(response, 'content-encoding'),
      ContentLanguage: headerOf(response, 'content-language'),
      ExpiresString: headerOf(response, 'expires'),
      Body: response,
    };
  }
}

export class FakeAzureBlobClient implements AzureBlobClientLike {
  readonly url: string;

  constructor(
    store: FakeStore,
    name: string,
    private readonly agent: Agent,
    readonly credential: object,
  ) {
    this.url = `${store.url}/azure/container/${name}`;
  }

  static agent(): Agent {
    return new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  }

  async getProperties({ abortSignal }: { abortSignal: AbortSignal }): Promise<object> {
    const response = await this.ask('HEAD', {}, abortSignal);
    response.resume();
    return {
      contentLength: lengthOf(response),
      contentType: headerOf(response, 'content-type'),
      etag: headerOf(response, 'etag'),
      lastModified: new Date(headerOf(response, 'last-modified') ?? ''),
      cacheControl: headerOf(response, 'cache-control'),
      contentDisposition: headerOf(response, 'content-disposition'),
      contentEncoding: headerOf(response, 'content-encoding'),
      contentLanguage: headerOf(response, 'content-language'),
    };
  }

  async download(
    offset: number,
    count: number,
    options: { abortSignal: AbortSignal; conditions: { ifMatch?: string } },
  ): Promise<object> {
    const { ifMatch } = options.conditions;
    const headers = {
      'x-ms-range': `bytes=${offset}-${offset + count - 1}`,
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    };
    const response = await this.ask('GET', headers, options.abortSignal);
    return {
      contentLength: lengthOf(response),
      contentRange: headerOf(response, 'content-range'),
      etag: headerOf(response, 'etag'),
      lastModified: new Date(headerOf(response, 'last-modified') ?? ''),
      readableStreamBody: response,
    };
  }

  private async ask(method: string, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await send(this.url, { method, headers, signal, agent: this.agent });
    if ((response.statusCode ?? 0) < 300) return response;
    response.resume();
    const get = (name: string): string | undefined => headerOf(response, name);
    throw Object.assign(new Error('RestError'), {
      statusCode: response.statusCode,
      response: { headers: { get } },
    });
  }
}

/** A bucket whose files speak Google's JSON API; its streams show the response by an event, as the real ones do. */
export class FakeGcsBucket {
  readonly name = 'bucket';
  readonly storage = {};
  private readonly agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });

  constructor(private readonly store: FakeStore) {}

  file(name: string, options: { generation?: string } = {}): GcsFileLike {
    const path = `${this.store.url}/storage/v1/b/${this.name}/o/${encodeURIComponent(name)}`;
    const query = options.generation === undefined ? '' : `&generation=${options.generation}`;
    const get = (suffix: string, headers = {}): Promise<IncomingMessage> =>
      send(`${path}?${suffix}${query}`, { headers, agent: this.agent });
    return {
      name,
      bucket: this,
      ...options,
      async getMetadata() {
        const response = await get('alt=json');
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        if (response.statusCode !== 200) throw gcsError(response);
        return [JSON.parse(Buffer.concat(chunks).toString()) as object];
      },
      createReadStream: ({ start, end }) => new GcsStream(() => get('alt=media', { range: `bytes=${start}-${end}` })),
    };
  }
}

function gcsError(response: IncomingMessage): Error {
  return Object.assign(new Error(`ApiError ${response.statusCode}`), { code: response.statusCode, response });
}

class GcsStream extends Readable {
  private response: IncomingMessage | undefined;
  private isAsked = false;

  constructor(private readonly ask: () => Promise<IncomingMessage>) {
    super();
  }

  override _read(): void {
    this.response?.resume();
    if (this.isAsked) return;
    this.isAsked = true;
    void this.begin();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.response?.destroy();
    callback(error);
  }

  private async begin(): Promise<void> {
    const response = await this.ask().catch((error: Error) => void this.destroy(error));
    if (response === undefined) return;
    if (this.destroyed) return void response.destroy();
    this.response = response;
    this.emit('response', response);
    if ((response.statusCode ?? 0) >= 300) return void this.destroy(gcsError(response));
    response.on('data', (chunk) => {
      if (!this.push(chunk)) response.pause();
    });
    response.on('end', () => this.push(null));
    response.on('error', (error) => this.destroy(error));
  }
}

/** A bucket in memory, with chunks and cursors. */
export class FakeGridFsBucket implements GridFsBucketLike<string> {
  readonly files = new Map<string, GridFsFile & { readonly length: number; readonly bytes: Buffer }>();
  readonly asked: string[] = [];
  openCursors = 0;
  /** What the database does not answer. */
  silence: 'find' | 'read' | undefined;
  /** How many requests it leaves unanswered. */
  waiting = 0;
  private uploads = 0;

  put(id: string, bytes: Uint8Array, file: Omit<Partial<GridFsFile>, 'length'> = {}): void {
    const uploadDate = new Date(Date.UTC(2024, 1, 29) + this.uploads++ * 1000);
    this.files.set(id, { length: bytes.length, uploadDate, filename: 'clip.mp4', ...file, bytes: Buffer.from(bytes) });
  }

  find(
    { _id }: { _id: string },
    { signal }: { signal?: AbortSignal } = {},
  ): ReturnType<GridFsBucketLike<string>['find']> {
    this.asked.push(`find ${_id}`);
    const toArray = async (): Promise<GridFsFile[]> => {
      if (this.silence === 'find') await this.wait(signal);
      return [this.files.get(_id) ?? []].flat();
    };
    return { limit: () => ({ toArray }) };
  }

  openDownloadStream(id: string, { start, end }: { start: number; end: number }): Readable {
    this.asked.push(`read ${id} ${start}-${end}`);
    return new GridFsFakeStream(this, id, start, end);
  }

  private async wait(signal: AbortSignal | undefined): Promise<void> {
    this.waiting++;
    await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    }).finally(() => this.waiting--);
  }
}

const CHUNK_SIZE = 255 * 1024;

class GridFsFakeStream extends Readable {
  private hasCursor = false;

  constructor(
    private readonly bucket: FakeGridFsBucket,
    private readonly id: string,
    private position: number,
    private readonly end: number,
  ) {
    super();
  }

  override _read(): void {
    if (this.bucket.silence !== 'read') setImmediate(() => this.next());
    else if (this.bucket.waiting++ === 0) this.once('close', () => (this.bucket.waiting = 0));
  }

  /** As the real one: nothing else closes the cursor. */
  async abort(): Promise<void> {
    this.push(null);
    this.destroy();
    if (this.hasCursor) this.bucket.openCursors--;
    this.hasCursor = false;
  }

  private next(): void {
    if (this.destroyed) return;
    const file = this.bucket.files.get(this.id);
    if (file === undefined) {
      this.destroy(Object.assign(new Error(`FileNotFound: file ${this.id} was not found`), { code: 'ENOENT' }));
      return;
    }
    if (!this.hasCursor && file.length === 0) return void this.push(null); // as the driver does it: no document is shown
    const beyond = [this.position, this.end].find((position) => position > file.length);
    if (!this.hasCursor && beyond !== undefined) {
      const error = new Error(`Stream end (${beyond}) must not be more than the length of the file (${file.length})`);
      return void this.destroy(Object.assign(error, { name: 'MongoInvalidArgumentError' }));
    }
    if (!this.hasCursor) {
      this.bucket.openCursors++;
      this.hasCursor = true;
      this.emit('file', file);
      if (this.destroyed) return;
    }
    const next = Math.min(this.end, (Math.floor(this.position / CHUNK_SIZE) + 1) * CHUNK_SIZE);
    this.push(this.position < this.end ? file.bytes.subarray(this.position, next) : null);
    this.position = next;
  }
}
