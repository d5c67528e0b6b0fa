import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type NestInterceptor,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type Observable, tap } from 'rxjs';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { fetchRaw, RawConnection, requestText } from '../../support/connections/raw-client.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { settle, until } from '../../support/until.js';
import { range } from '../responses/rows/outcome.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
const BYTES = pseudoRandomBytes(300_000);
const PATH = fixtures.write('clip.mp4', BYTES);

/** What is done to the response, or to the stream of the file, before either is sent. */
let tamper: (response: ServerResponse, stream: () => Readable) => void;

class Tampering implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const own = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
    return next.handle().pipe(tap((file: StreamableFile) => tamper(own.raw ?? own, () => file.getStream())));
  }
}

@Controller()
@UseInterceptors(Tampering)
class Files {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(fileSource(PATH));
  }

  @Get('small')
  @Ranged()
  small() {
    return new RangedFile(bytesSource(Buffer.from('0123456789')));
  }

  @Get('unsized')
  @Ranged()
  unsized() {
    return new StreamableFile(Readable.from([BYTES.subarray(0, 1000), BYTES.subarray(1000)]));
  }

  @Get('whole')
  whole() {
    return new RangedFile(fileSource(PATH));
  }

  @Get('sound')
  @Ranged()
  sound() {
    return new RangedFile(bytesSource(BYTES));
  }
}

type MethodName = 'end' | 'write' | 'writeHead';

/** Has a method throw from its `count`th call on. */
function failing(name: MethodName, count: number): (response: ServerResponse) => void {
  return (response) => {
    const method = response[name].bind(response) as (...args: unknown[]) => unknown;
    let calls = 0;
    const patched = (...args: unknown[]): unknown => {
      if (++calls >= count) throw new Error('hostile');
      return method(...args);
    };
    Object.assign(response, { [name]: patched });
  };
}

function listening(event: 'data' | 'end', count = 1): (response: ServerResponse, stream: () => Readable) => void {
  return (_, stream) => {
    let calls = 0;
    stream().on(event, () => {
      if (++calls === count) throw new Error('hostile');
    });
    if (event === 'end') stream().on('data', () => {});
  };
}

const FAULTS: readonly [what: string, tamper: typeof tamper][] = [
  ['writeHead()', failing('writeHead', 1)],
  ['the first write()', failing('write', 1)],
  ['a later write()', failing('write', 2)],
  ['end()', failing('end', 1)],
  ['write() and end()', (response) => (failing('write', 1)(response), failing('end', 1)(response))],
  ['a listener to the first bytes', listening('data')],
  ['a listener to later bytes', listening('data', 2)],
  ['a listener to the end', listening('end')],
];

const REQUESTS: readonly [what: string, path: string, headers: readonly (readonly [string, string])[]][] = [
  ['a part of a file', '/file', range('bytes=1000-299000')],
  ['a file', '/file', []],
  ['content of unknown length', '/unsized', []],
  ['a file that is not negotiated', '/whole', []],
  ['a 304', '/file', [['If-None-Match', '*']]],
  ['a small part', '/small', range('bytes=1-3')],
];
/** Fastify writes the others itself, or an error in their place, and what throws then is its own affair. */
const WRITTEN_BY_US = 3;

describe.each(ADAPTERS)('a method of the response that throws, on %s', (adapter) => {
  let running: TestApp;
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);

  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule.forRoot({ openFiles: 0 })], controllers: [Files] });
    process.on('unhandledRejection', onFailure).on('uncaughtException', onFailure);
  });
  afterAll(async () => {
    await running.close();
    process.off('unhandledRejection', onFailure).off('uncaughtException', onFailure);
  });
  beforeEach(() => {
    failures.length = 0;
    running.log.clear();
  });

  describe.each(REQUESTS.slice(0, adapter === 'fastify' ? WRITTEN_BY_US : undefined))(
    '%s',
    (_request, path, headers) => {
      it.each(FAULTS)('ends nothing but its response: %s', async (_fault, act) => {
        tamper = act;
        const connection = await RawConnection.open(running.port);
        connection.send(requestText(path, [...headers, ['Connection', 'close']]));
        await connection.untilEnd();
        const received = connection.unread.toString('latin1');
        connection.finish();
        await settle();
        expect(failures).toEqual([]);
        expect(isHonest(received)).toBe(true);
        tamper = () => {};
        const next = await fetchRaw(running.port, '/sound', range('bytes=7-9'));
        expect(next.status).toBe(206);
        expect(next.body.equals(BYTES.subarray(7, 10))).toBe(true);
        await until(() => fixtures.openDescriptors().length === 0, 'descriptors to be closed');
      });
    },
  );
});

/** Whether it is cut off, an error, or all that its head promises, which a listener to the end no longer changes. */
function isHonest(received: string): boolean {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return true;
  const [head, body] = [received.slice(0, headEnd), received.slice(headEnd + 4)];
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length !== undefined) return body.length <= Number(length);
  return head.startsWith('HTTP/1.1 304 ') ? body === '' : /^transfer-encoding: chunked$/im.test(head);
}

describe('a hook of Fastify that patches the response', () => {
  it('ends nothing but its response where a method throws, beside a trailer', async () => {
    const failures: unknown[] = [];
    const onFailure = (error: unknown): void => void failures.push(error);
    process.on('unhandledRejection', onFailure).on('uncaughtException', onFailure);
    tamper = () => {};
    const running = await startApp(
      'fastify',
      { imports: [RangeModule], controllers: [Files] },
      {
        configure: (app) =>
          (app as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addHook('onRequest', async (_request, reply) => {
              reply.trailer('X-Sum', async () => 'sum');
              failing('write', 2)(reply.raw);
            }),
      },
    );
    const response = await fetchRaw(running.port, '/file', range('bytes=1000-299000'));
    expect(response.isComplete).toBe(false);
    await settle();
    expect(failures).toEqual([]);
    await running.close();
    process.off('unhandledRejection', onFailure).off('uncaughtException', onFailure);
  });
});

describe('a header that cannot be set, on express', () => {
  let running: TestApp;

  beforeAll(async () => {
    running = await startApp('express', { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());

  it.each(['accept-ranges', 'content-length', 'content-range', 'etag', 'content-type'])(
    'leaves nothing of the file on the error: %s',
    async (refused) => {
      tamper = (response) => {
        const setHeader = response.setHeader.bind(response);
        let isRefused = false;
        response.setHeader = (name, value) => {
          if (isRefused || name.toLowerCase() !== refused) return setHeader(name, value);
          isRefused = true;
          throw new Error('hostile');
        };
      };
      const response = await fetchRaw(running.port, '/small', range('bytes=1-3'));
      expect(response.status).toBe(500);
      expect(response.isComplete).toBe(true);
      const sent = new Map(response.lines.map(([name, value]) => [name.toLowerCase(), value]));
      expect(sent.get('cache-control')).toBe('no-store');
      const ofFile = ['accept-ranges', 'content-range', 'etag', 'last-modified'];
      expect(ofFile.filter((name) => sent.has(name))).toEqual([]);
    },
  );
});
