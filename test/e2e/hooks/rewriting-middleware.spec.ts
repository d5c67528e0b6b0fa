import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type NestInterceptor,
  type StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { Ranged, RangedFile, RangeInterceptor, RangeModule } from 'nestjs-range';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { createGzip, gunzipSync } from 'node:zlib';
import { tap } from 'rxjs';
import { header, RawConnection, type RawResponse, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { until } from '../../support/until.js';

/** Lower-case letters, so that a change shows in each byte. */
const BYTES = Buffer.from(pseudoRandomBytes(300_000).map((byte) => 97 + (byte % 26)));

let source: ProbeSource;

class Listening implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(tap((file: StreamableFile) => void file.getStream().on('data', () => {})));
  }
}

@Controller()
class Files {
  @Get('file')
  @Ranged()
  file() {
    source = new ProbeSource(Buffer.from(BYTES), { etag: '"v1"', lastModified: new Date('2020-01-01T00:00:00Z') });
    return new RangedFile(source);
  }

  @Get('listened')
  @UseInterceptors(Listening, RangeInterceptor)
  listened() {
    return this.file();
  }
}

/** What middleware calls instead of the methods that it has wrapped. */
interface Original {
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array): unknown;
}

interface Wrapped {
  write(chunk: Uint8Array): boolean;
  end(chunk: Uint8Array | undefined): void;
}

type Middleware = (response: ServerResponse, original: Original) => Wrapped;

const MARK = Buffer.from('MARK');
const upperCase = (chunk: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(chunk).toString('latin1').toUpperCase(), 'latin1');
const REWRITTEN = Buffer.concat([upperCase(BYTES), MARK]);

const changingEachChunk = (original: Original, begin: () => unknown): Wrapped => ({
  write: (chunk) => {
    begin();
    return original.write(upperCase(chunk));
  },
  end: (chunk) => {
    begin();
    original.end(Buffer.concat([upperCase(chunk ?? Buffer.alloc(0)), MARK]));
  },
});

/** Wraps writeHead() as well, so that the length goes when the head is being written. */
function removeLengthLate(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    response.removeHeader('content-length');
    return writeHead(...args);
  };
}

/** Each replaces letters by capitals and adds a mark; the last one compresses. */
const REWRITING: Record<string, Middleware> = {
  'collects the content, and sets its new length': (response, original) => {
    const chunks: Buffer[] = [];
    return {
      write: (chunk) => chunks.push(upperCase(chunk)) > 0,
      end: (chunk) => {
        const content = Buffer.concat([...chunks, upperCase(chunk ?? Buffer.alloc(0)), MARK]);
        response.setHeader('Content-Length', content.length);
        original.end(content);
      },
    };
  },
  'removes the length, and changes each chunk': (response, original) => {
    const begin = (): unknown => response.headersSent || response.removeHeader('Content-Length');
    return changingEachChunk(original, begin);
  },
  'compresses against no-transform': (response, original) => {
    const gzip = createGzip();
    gzip.on('data', (chunk: Buffer) => original.write(chunk)).on('end', () => original.end());
    const begin = (): void => {
      if (response.headersSent) return;
      response.removeHeader('Content-Length');
      response.setHeader('Content-Encoding', 'gzip');
    };
    return {
      write: (chunk) => {
        begin();
        gzip.write(Buffer.from(chunk));
        return true;
      },
      end: (chunk) => {
        begin();
        gzip.end(chunk === undefined ? undefined : Buffer.from(chunk));
      },
    };
  },
};

/** As http-compression does. */
function writeHeadByTheKept(response: ServerResponse): () => void {
  const { writeHead } = response;
  response.writeHead = (_status: number, ...others: unknown[]) => {
    const headers = others.at(-1);
    if (typeof headers === 'object' && headers !== null) response.setHeaders(new Map(Object.entries(headers)) as never);
    return response;
  };
  return () => {
    if (response.headersSent) return;
    response.removeHeader('content-length');
    Reflect.apply(writeHead, response, [response.statusCode]);
  };
}

/** Only the method of Node.js that writes heads sees them. */
const REWRITING_LATE: Record<string, Middleware> = {
  'writes the head by the writeHead() that it has kept, and changes each chunk': (response, original) => {
    const begin = writeHeadByTheKept(response);
    return changingEachChunk(original, begin);
  },
  'removes the length as the head is written, and changes each chunk': (response, original) => {
    removeLengthLate(response);
    return {
      write: (chunk) => original.write(upperCase(chunk)),
      end: (chunk) => void original.end(Buffer.concat([upperCase(chunk ?? Buffer.alloc(0)), MARK])),
    };
  },
};

const FAITHFUL: Record<string, Middleware> = {
  'counts the bytes': (_, original) => ({ write: original.write, end: (chunk) => void original.end(chunk) }),
  'adds a trailer': (response, original) => {
    response.setHeader('Trailer', 'X-Checked');
    return {
      write: original.write,
      end: (chunk) => {
        response.addTrailers({ 'X-Checked': 'yes' });
        original.end(chunk);
      },
    };
  },
};

const PARTS: [range: string, length: number][] = [
  ['bytes=5-9', 5],
  ['bytes=100-200099', 200_000],
];

const CASES = ADAPTERS.flatMap((adapter) => ['/file', '/listened'].map((path) => [path, adapter] as const));

describe.each(CASES)('middleware that wraps the response to %s, on %s', (path, adapter) => {
  let running: TestApp;
  let middleware: Middleware;

  beforeAll(async () => {
    const wrap = (_: IncomingMessage, response: ServerResponse, next: () => void): void => {
      const { write, end } = response as unknown as Record<'write' | 'end', (...args: unknown[]) => unknown>;
      const wrapped = middleware(response, {
        write: (chunk) => Reflect.apply(write, response, [chunk]) as boolean,
        end: (chunk) => Reflect.apply(end, response, [chunk]),
      });
      const callBack = (args: unknown[]): void => {
        const callback = args.find((argument) => typeof argument === 'function');
        if (callback !== undefined) process.nextTick(callback);
      };
      Object.assign(response, {
        write: (chunk: Uint8Array, ...args: unknown[]) => {
          callBack(args);
          return wrapped.write(chunk);
        },
        end: (chunk?: unknown, ...args: unknown[]) => {
          callBack([chunk, ...args]);
          wrapped.end(chunk instanceof Uint8Array ? chunk : undefined);
          return response;
        },
      });
      next();
    };
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [Files] },
      { configure: (app) => void app.use(wrap) },
    );
  });
  afterAll(() => running.close());
  beforeEach(() => running.log.clear());

  /** `undefined`: the connection was cut before a whole response. */
  async function ask(range?: string): Promise<RawResponse | undefined> {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(path, range === undefined ? [] : [['Range', range]]));
    try {
      const response = await connection.next();
      return response.isComplete ? response : undefined;
    } catch {
      return undefined;
    } finally {
      connection.reset();
    }
  }

  const seen = '_storeHeader' in ServerResponse.prototype ? { ...REWRITING, ...REWRITING_LATE } : REWRITING;
  describe.each(Object.entries(seen))('and %s', (_, wrap) => {
    beforeEach(() => {
      middleware = wrap;
    });

    it('sends the whole file as the answer of the app', async () => {
      const response = await ask();
      expect(response?.status).toBe(200);
      const isCompressed = response !== undefined && header(response, 'Content-Encoding') === 'gzip';
      const content = isCompressed ? gunzipSync(response.body) : response?.body;
      expect(content?.equals(isCompressed ? BYTES : REWRITTEN)).toBe(true);
      for (const removed of ['ETag', 'Last-Modified', 'Accept-Ranges'])
        expect(response === undefined ? removed : header(response, removed)).toBeUndefined();
      const warning = expect.stringContaining('changes the content, so the file is sent without ranges');
      expect([[], [warning]]).toContainEqual(running.log.complaints); // once for each handler
    });

    it.each([...PARTS.map(([range]) => range), 'bytes=0-0,50000-50001'])('never sends a part: %s', async (range) => {
      expect(await ask(range)).toBeUndefined();
      expect(running.log.at('error')).toEqual([
        expect.stringContaining('middleware changed the Content-Length or Content-Encoding of a part'),
      ]);
      await until(() => source.isReleased, 'the source to be closed');
    });
  });

  describe.each(Object.entries(FAITHFUL))('and %s', (_, wrap) => {
    beforeEach(() => {
      middleware = wrap;
    });

    it.each([...PARTS, [undefined, BYTES.length] as const])('changes nothing: %s', async (range, length) => {
      const response = await ask(range);
      const firstPos = Number(/\d+/.exec(range ?? '0')?.[0]);
      expect(response?.status).toBe(range === undefined ? 200 : 206);
      expect(response?.body.equals(BYTES.subarray(firstPos, firstPos + length))).toBe(true);
      expect(response === undefined ? '' : header(response, 'ETag')).toBe('"v1"');
      expect(running.log.complaints).toEqual([]);
    });
  });
});
