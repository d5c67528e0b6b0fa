import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type NestInterceptor,
  Param,
  type PipeTransform,
  Query,
  Req,
  type Type,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { bytesSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { firstValueFrom, map, type Observable } from 'rxjs';
import { freePort } from '../../support/connections/free-port.js';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type StartOptions, type TestApp } from '../../support/apps/test-app.js';

const file = (): RangedFile => new RangedFile(bytesSource(Buffer.alloc(1000)));

/** Understands nothing but text, as a pipe that parses numbers, or one over a schema, understands one kind of value. */
class TextPipe implements PipeTransform {
  readonly seen: unknown[] = [];

  transform(value: unknown): unknown {
    this.seen.push(value);
    if (typeof value !== 'string') throw new BadRequestException('not a text');
    return value;
  }
}

/** Where an app binds a pipe to a handler. */
const PIPE_PLACES: Readonly<Record<string, (pipe: TextPipe) => readonly [Type, StartOptions]>> = {
  'above @Ranged()'(pipe) {
    @Controller()
    class Files {
      @UsePipes(pipe)
      @Get(':name')
      @Ranged()
      file(@Param('name') _name: string) {
        return file();
      }
    }
    return [Files, {}];
  },
  'below @Ranged()'(pipe) {
    @Controller()
    class Files {
      @Get(':name')
      @Ranged()
      @UsePipes(pipe)
      file(@Param('name') _name: string) {
        return file();
      }
    }
    return [Files, {}];
  },
  'on the class'(pipe) {
    @Controller()
    @UsePipes(pipe)
    class Files {
      @Get(':name')
      @Ranged()
      file(@Param('name') _name: string) {
        return file();
      }
    }
    return [Files, {}];
  },
  'for the whole app'(pipe) {
    @Controller()
    class Files {
      @Get(':name')
      @Ranged()
      file(@Param('name') _name: string) {
        return file();
      }
    }
    return [Files, { configure: (app) => app.useGlobalPipes(pipe) }];
  },
};

describe.each(ADAPTERS)('@Ranged() on a method, on %s', (adapter) => {
  let running: TestApp | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const start = async (controllers: Type[], options?: StartOptions): Promise<TestApp> => {
    running = await startApp(adapter, { imports: [RangeModule], controllers }, options);
    return running;
  };
  const get = (path: string) => fetchRaw(running!.port, path, [['Range', 'bytes=0-9']]);

  it.each(Object.entries(PIPE_PLACES))('a pipe %s sees the parameters of the method only', async (_, bind) => {
    const pipe = new TextPipe();
    const [controller, options] = bind(pipe);
    await start([controller], options);
    expect((await get('/intro')).status).toBe(206);
    expect(pipe.seen).toEqual(['intro']);
  });

  it('a decorator above it sees the arguments of the method only', async () => {
    const calls: unknown[][] = [];
    const noteArguments: MethodDecorator = (_target, _name, descriptor) => {
      const method = descriptor.value as (...parameters: unknown[]) => unknown;
      const noting = function (this: unknown, ...parameters: unknown[]): unknown {
        calls.push(parameters);
        return method.apply(this, parameters);
      };
      for (const key of Reflect.getMetadataKeys(method)) {
        Reflect.defineMetadata(key, Reflect.getMetadata(key, method), noting);
      }
      descriptor.value = noting as never;
    };

    @Controller()
    class Files {
      @noteArguments
      @Get(':name')
      @Ranged()
      file(@Param('name') _name: string) {
        return file();
      }
    }

    await start([Files]);
    expect((await get('/intro')).status).toBe(206);
    expect(calls).toEqual([['intro']]);
  });

  it('a method that overrides it gets its own parameters', async () => {
    @Controller()
    class Files {
      @Get('query/:name')
      @Ranged()
      query(@Param('name') _name: string, ..._more: unknown[]): unknown {
        return file();
      }

      @Get('request/:name')
      @Ranged()
      request(@Param('name') _name: string, ..._more: unknown[]): unknown {
        return file();
      }
    }

    @Controller()
    class Names extends Files {
      @Get('query/:name')
      override query(@Param('name') name: string, @Query() query: unknown, ...more: unknown[]) {
        return { name, query, more };
      }

      @Get('request/:name')
      override request(@Param('name') name: string, @Req() request: { readonly url?: string }, ...more: unknown[]) {
        return { name, url: request.url, more };
      }
    }

    await start([Names]);
    expect(JSON.parse((await get('/query/intro?size=2')).body.toString())).toEqual({
      name: 'intro',
      query: { size: '2' },
      more: [],
    });
    expect(JSON.parse((await get('/request/intro')).body.toString())).toEqual({
      name: 'intro',
      url: '/request/intro',
      more: [],
    });
  });

  it("is the method that guards get from getHandler(), and that the class's prototype has", async () => {
    const handlers: unknown[] = [];
    class Noting implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        handlers.push(context.getHandler());
        return true;
      }
    }

    @Controller()
    @UseGuards(Noting)
    class Files {
      @Get()
      @Ranged()
      file() {
        return file();
      }
    }

    await start([Files]);
    expect((await get('/')).status).toBe(206);
    expect(handlers).toEqual([Reflect.get(Files.prototype, 'file')]);
  });

  it('returns to whoever calls it what the method returns', async () => {
    const kept = file();

    @Controller()
    class Files {
      @Get()
      @Ranged()
      file() {
        return kept;
      }
    }

    expect(new Files().file()).toBe(kept);
    await start([Files]);
    expect((await get('/')).status).toBe(206);
    expect(running!.app.get(Files).file()).toBe(kept);
  });

  it('an interceptor above it may make the file of what the method returns', async () => {
    class ToFile implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(map((bytes: Buffer) => new RangedFile(bytesSource(bytes))));
      }
    }

    @Controller()
    class Files {
      @Get()
      @UseInterceptors(ToFile)
      @Ranged()
      bytes() {
        return Buffer.alloc(1000);
      }
    }

    await start([Files]);
    expect((await get('/')).status).toBe(206);
    expect(running!.log.complaints).toEqual([]);
  });

  it('a message reaches a method that takes its payload without a decorator', async () => {
    @Controller()
    class Files {
      @Get()
      @MessagePattern('length')
      @Ranged()
      file(name?: string): unknown {
        return name === undefined ? file() : name.length;
      }
    }

    const options = { host: '127.0.0.1', port: await freePort() };
    await start([Files], {
      configure: async (app) => {
        app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
        await app.startAllMicroservices();
      },
    });
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      expect(await firstValueFrom(client.send('length', 'intro'))).toBe(5);
    } finally {
      await client.close();
    }
    expect((await get('/')).status).toBe(206);
  });
});
