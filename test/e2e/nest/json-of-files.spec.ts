import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  ClassSerializerInterceptor,
  Controller,
  Get,
  Module,
  type NestInterceptor,
  Res,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import {
  bytesSource,
  fileSource,
  folderSource,
  generatedSource,
  httpSource,
  Ranged,
  RangedFile,
  RangeModule,
  redirectSource,
  streamSource,
} from 'nestjs-range';
import { firstValueFrom, map } from 'rxjs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { freePort } from '../../support/connections/free-port.js';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const SECRET = join('/var', 'secret', 'a.mp4');
const SOURCES = {
  fileSource: () => fileSource(SECRET),
  folderSource: () => folderSource('/var/secret')('a.mp4'),
  bytesSource: () => bytesSource(Buffer.from('secret')),
  'bytesSource of a Blob': () => bytesSource(new Blob(['secret'])),
  streamSource: () => streamSource(Readable.from(['secret'])),
  generatedSource: () => {
    const generate = async function* () {
      yield Buffer.from('secret');
    };
    return generatedSource({ key: 'secret', dir: join(tmpdir(), 'nestjs-range-json'), generate });
  },
  httpSource: () => httpSource('http://secret.example/'),
  redirectSource: () => redirectSource('http://secret.example/'),
  'redirectSource of a function': () => redirectSource(() => 'http://secret.example/'),
};

const ranged = (): RangedFile => new RangedFile(bytesSource(Buffer.alloc(1000, 's')));

class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

class InArray implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => [data]));
  }
}

interface FrameworkResponse {
  send(content: object): unknown;
}

@Controller()
class Files {
  @Get('ranged')
  @Ranged()
  ranged() {
    return ranged();
  }

  @Get('streamable')
  @Ranged()
  streamable() {
    return new StreamableFile(Buffer.alloc(1000, 's'));
  }

  @Get('unmarked')
  unmarked() {
    return ranged();
  }

  @Get('array')
  array() {
    return [ranged()];
  }

  @Get('deep')
  deep() {
    return { a: { b: { file: ranged() } } };
  }

  @Get('sent')
  sent(@Res() response: FrameworkResponse) {
    response.send(ranged());
  }

  @Get('ok')
  ok() {
    return { fine: true };
  }
}

describe.each(ADAPTERS)('on %s', (adapter) => {
  let running: TestApp | undefined;
  afterEach(() => running?.close());

  const expectRefusal = async (path: string, message: RegExp): Promise<void> => {
    const { port, log } = running!;
    const response = await fetchRaw(port, path);
    expect(response.status).toBe(500);
    expect(response.body.toString()).not.toMatch(/secret|ignoresSignal|source|sss/);
    expect(log.complaints).toEqual([expect.stringMatching(message)]);
  };

  describe('a file that an interceptor wraps does not become JSON:', () => {
    const AS_DATA =
      /a file cannot be sent as JSON, as "data" of a result: .*if \(data instanceof StreamableFile\) return data/;

    it.each(['/ranged', '/streamable', '/unmarked'])('%s', async (path) => {
      const providers = [{ provide: APP_INTERCEPTOR, useClass: Wrapping }];
      running = await startApp(adapter, { imports: [RangeModule], controllers: [Files], providers });
      expect((await fetchRaw(running.port, '/ok')).body.toString()).toBe('{"data":{"fine":true}}');
      if (path !== '/streamable') return expectRefusal(path, AS_DATA);
      await expectRefusal(path, AS_DATA);
    });

    it.each<[file: string, make: () => StreamableFile, message: RegExp]>([
      ['a RangedFile', () => new RangedFile(bytesSource(Buffer.from('secret'))), AS_DATA],
      [
        'a StreamableFile',
        () => new StreamableFile(Buffer.from('secret')),
        /got an object with a file as "data": return the file/,
      ],
    ])('inside @Ranged(), of %s, which is told of once', async (_, make, message) => {
      @Controller()
      class Inside {
        @Get('inside')
        @UseInterceptors(Wrapping)
        @Ranged()
        inside() {
          return make();
        }
      }
      running = await startApp(adapter, { imports: [RangeModule], controllers: [Inside] });
      await fetchRaw(running.port, '/inside');
      expect(running.log.complaints).toEqual([expect.stringMatching(message)]);
    });

    it('in an array', async () => {
      const providers = [{ provide: APP_INTERCEPTOR, useClass: InArray }];
      running = await startApp(adapter, { imports: [RangeModule], controllers: [Files], providers });
      await expectRefusal('/ranged', /as "0" of a result/);
    });

    it('that class-transformer then serialises', async () => {
      const providers = [
        { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor },
        { provide: APP_INTERCEPTOR, useClass: Wrapping },
      ];
      running = await startApp(adapter, { imports: [RangeModule], controllers: [Files], providers });
      await expectRefusal('/ranged', /./);
    });
  });

  it.each([
    ['/array', 'as "0" of a result'],
    ['/deep', 'as "file" of a result'],
    ['/sent', 'cannot be sent as JSON: '],
  ])('a file that is part of a result, or sent by hand, does not become JSON: %s', async (path, message) => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
    await expectRefusal(path, new RegExp(message));
  });

  describe('a source in place of a file does not become JSON:', () => {
    it.each(Object.entries(SOURCES))('%s', async (_, make) => {
      @Controller()
      class Sources {
        @Get('plain')
        plain() {
          return make();
        }

        @Get('wrapped')
        @UseInterceptors(Wrapping)
        wrapped() {
          return make();
        }

        @Get('serialised')
        @UseInterceptors(ClassSerializerInterceptor)
        serialised() {
          return make();
        }

        @Get('marked')
        @Ranged()
        marked() {
          return make();
        }
      }

      running = await startApp(adapter, { imports: [RangeModule], controllers: [Sources] });
      for (const path of ['/plain', '/wrapped', '/serialised', '/marked']) {
        await expectRefusal(path, /a source cannot be sent as JSON.*return new RangedFile\(source\)/);
        running.log.clear();
      }
    });
  });
});

describe('a file that a microservice answers', () => {
  @Controller()
  class Messages {
    @MessagePattern('file')
    file() {
      return ranged();
    }

    @MessagePattern('source')
    source() {
      return fileSource(SECRET);
    }

    @MessagePattern('sum')
    sum(numbers: number[]) {
      return numbers.reduce((a, b) => a + b, 0);
    }
  }

  it('becomes a sentence, and ends nothing', async () => {
    @Module({ imports: [RangeModule], controllers: [Messages] })
    class AppModule {}

    const options = { host: '127.0.0.1', port: await freePort() };
    const running = await startApp(
      'express',
      { imports: [AppModule] },
      {
        configure: async (app) => {
          app.connectMicroservice({ transport: Transport.TCP, options });
          await app.startAllMicroservices();
        },
      },
    );
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      expect(await firstValueFrom(client.send('file', {}))).toMatch(
        /^a file cannot be sent as JSON.*; a message cannot carry a file: send a URL$/,
      );
      expect(await firstValueFrom(client.send('source', {}))).toMatch(/^a source cannot be sent as JSON/);
      expect(await firstValueFrom(client.send('sum', [1, 2]))).toBe(3);
    } finally {
      await client.close();
      await running.close();
    }
  });
});
