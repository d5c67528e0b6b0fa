import { describe, expect, it, jest } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  Get,
  Inject,
  Module,
  type NestInterceptor,
  Param,
  Post,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { bytesSource, Ranged, RangedFile, RangeInterceptor, RangeModule, RangeResponder } from 'nestjs-range';
import { of } from 'rxjs';
import type { AddressInfo } from 'node:net';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, type AdapterName, createApp, frameworkAdapter } from '../../support/apps/test-app.js';

const file = (): RangedFile => new RangedFile(bytesSource(Buffer.alloc(1000)));

@Controller('media')
class MediaController {
  @Get(':name')
  @Ranged()
  file(@Param('name') _name: string) {
    return file();
  }

  @Get('plain')
  plain() {
    return 'plain';
  }
}

@Controller('held')
class HoldingController {
  constructor(@Inject(RangeResponder) readonly responder: RangeResponder) {}

  @Get()
  file(@Req() request: unknown, @Res() response: unknown) {
    return this.responder.send(request, response, file());
  }
}

describe('a unit test of a controller, as `nest g controller` writes it,', () => {
  it('compiles without RangeModule, and calls the handler', async () => {
    const module = await Test.createTestingModule({ controllers: [MediaController] }).compile();
    expect(module.get(MediaController).file('a.mp4')).toBeInstanceOf(RangedFile);
    await module.close();
  });

  it('compiles without RangeModule if everything missing is mocked', async () => {
    const builder = Test.createTestingModule({ controllers: [MediaController, HoldingController] });
    const module = await builder.useMocker(() => ({})).compile();
    expect(module.get(MediaController).file('a.mp4')).toBeInstanceOf(RangedFile);
  });

  it('gets a responder of its own', async () => {
    const send = jest.fn<RangeResponder['send']>().mockResolvedValue();
    const providers = [{ provide: RangeResponder, useValue: { send } }];
    const module = await Test.createTestingModule({
      controllers: [HoldingController, MediaController],
      providers,
    }).compile();
    await module.get(HoldingController).file('request', 'response');
    expect(send).toHaveBeenCalledWith('request', 'response', expect.any(RangedFile));
  });
});

describe.each(ADAPTERS)('an app on %s', (adapter) => {
  class Replacement implements NestInterceptor {
    intercept(_context: unknown, _next: CallHandler) {
      return of('replaced');
    }
  }

  const bodyOf = async (builder: ReturnType<typeof Test.createTestingModule>, path: string): Promise<string> => {
    const module = await builder.compile();
    const app = module.createNestApplication(frameworkAdapter(adapter), { logger: false });
    try {
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      return (await fetchRaw(port, path)).body.toString();
    } finally {
      await app.close();
    }
  };

  it('accepts another interceptor in its tests, without RangeModule', async () => {
    const builder = Test.createTestingModule({ controllers: [MediaController] });
    builder.overrideInterceptor(RangeInterceptor).useClass(Replacement);
    expect(await bodyOf(builder, '/media/a.mp4')).toBe('replaced');
  });

  it('accepts another interceptor in its tests, besides RangeModule', async () => {
    const builder = Test.createTestingModule({ imports: [RangeModule], controllers: [MediaController] });
    builder.overrideInterceptor(RangeInterceptor).useValue(new Replacement());
    expect(await bodyOf(builder, '/media/a.mp4')).toBe('replaced');
  });

  it('accepts another responder in its tests', async () => {
    const builder = Test.createTestingModule({ imports: [RangeModule], controllers: [HoldingController] });
    builder.overrideProvider(RangeResponder).useValue({
      send: async (_request: unknown, response: { send(text: string): unknown }) => void response.send('replaced'),
    });
    expect(await bodyOf(builder, '/held')).toBe('replaced');
  });

  const failureOf = async (controllers: (new () => object)[], from: AdapterName = adapter): Promise<string> => {
    const { app } = await createApp(from, { imports: [MediaModule], controllers });
    const error = await app.listen(0).then(
      () => app.close(),
      (thrown: unknown) => thrown,
    );
    return String((error as Error | undefined)?.message);
  };

  @Module({ controllers: [MediaController] })
  class MediaModule {}

  it('does not start without RangeModule, and says which routes need it', async () => {
    expect(await failureOf([])).toBe(
      'RangeInterceptor, which @Ranged() and RangedFolderModule bind, needs RangeModule: add RangeModule to the imports of the root module\n' +
        '  for MediaController.file() (GET /media/:name) in MediaModule',
    );
  });

  it('names the routes, however the interceptor is bound', async () => {
    @Controller(['a', 'b'])
    @Ranged()
    class OfClass {
      @Get(['c', 'd'])
      first() {}
      @Post()
      second() {}
      helper() {}
    }

    @Controller()
    class Bound {
      @Get()
      @UseInterceptors(RangeInterceptor)
      bound() {}
    }

    @Controller('sub')
    class Inheriting extends Bound {}

    const message = await failureOf([OfClass, Bound, Inheriting]);
    expect(message.split('\n').slice(1).sort()).toEqual([
      '  for Bound.bound() (GET /) in TestModule',
      '  for Inheriting.bound() (GET /sub) in TestModule',
      '  for MediaController.file() (GET /media/:name) in MediaModule',
      '  for OfClass.first() (GET /a/c) in TestModule',
      '  for OfClass.second() (POST /a) in TestModule',
    ]);
  });

  it('names the first of very many routes', async () => {
    @Controller()
    @Ranged()
    class Large {}
    for (let route = 0; route < 40; route++) {
      const descriptor = { value: () => {}, writable: true, configurable: true };
      Object.defineProperty(Large.prototype, `route${route}`, descriptor);
      Get(`route${route}`)(Large.prototype, `route${route}`, descriptor);
    }
    const lines = (await failureOf([Large])).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('  for 31 others');
  });
});
