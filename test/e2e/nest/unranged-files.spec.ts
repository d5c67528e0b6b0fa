import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  HttpCode,
  Param,
  Post,
  StreamableFile,
  UseFilters,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bytesSource, Ranged, RangedFile, RangeModule, type RangeModuleExtras, RangeResponder } from 'nestjs-range';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp } from '../../support/apps/test-app.js';

const BYTES = Buffer.alloc(1000, 'a');
const file = (): RangedFile => new RangedFile(bytesSource(BYTES, { type: 'video/mp4' }));
const wrapped: MethodDecorator = (_target, _name, descriptor) => {
  descriptor.value = (() => file()) as never;
};

@Catch(HttpException)
class PictureFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_exception: HttpException, host: ArgumentsHost) {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), file(), 404);
  }
}
Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost], PictureFilter);

/** Sends a picture with status 200 instead of the error: by the adapter, as advised, or marked as meant. */
@Catch(HttpException)
class PlaceholderFilter implements ExceptionFilter {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly responder: RangeResponder,
  ) {}

  catch({ message }: HttpException, host: ArgumentsHost) {
    const http = host.switchToHttp();
    const { httpAdapter } = this.host;
    if (message === 'sent') return this.responder.send(http.getRequest(), http.getResponse(), file());
    const picture = message === 'meant' ? new RangedFile(bytesSource(BYTES), { acceptRanges: false }) : file();
    return httpAdapter.reply(http.getResponse(), picture, 200);
  }
}
Reflect.defineMetadata('design:paramtypes', [HttpAdapterHost, RangeResponder], PlaceholderFilter);

@Controller('films')
class Films {
  @Get('forgotten/:name')
  forgotten() {
    return file();
  }

  @Get('lost')
  @wrapped
  @Ranged()
  lost() {}

  @Get('ranged')
  @Ranged()
  ranged() {
    return file();
  }

  @Get('refused')
  @Ranged({ acceptRanges: false })
  refused() {
    return file();
  }

  @Get('left-out')
  @Ranged(false)
  leftOut() {
    return file();
  }

  @Get('plain')
  plain() {
    return new StreamableFile(BYTES);
  }

  @Post('made')
  @HttpCode(200)
  made() {
    return file();
  }

  @Get('accepted')
  @HttpCode(202)
  accepted() {
    return file();
  }

  @Get('meant')
  meant() {
    return new RangedFile(bytesSource(BYTES), { acceptRanges: false });
  }

  @Get('replaced/:how')
  @Ranged()
  @UseFilters(PlaceholderFilter)
  replaced(@Param('how') how: string) {
    throw new HttpException(how, 404);
  }

  @Get('missing')
  @UseFilters(PictureFilter)
  missing() {
    throw new HttpException('missing', 404);
  }
}

describe.each(ADAPTERS)('a RangedFile sent without ranges, on %s,', (adapter: AdapterName) => {
  let running: TestApp | undefined;
  afterEach(() => running?.close());

  const start = async (extras: RangeModuleExtras = {}): Promise<void> => {
    running = await startApp(adapter, { imports: [RangeModule.forRoot(extras)], controllers: [Films] });
  };
  const get = async (path: string, method = 'GET'): Promise<void> => {
    const response = await fetchRaw(running!.port, `/films/${path}`, [['Range', 'bytes=0-9']], method);
    if (method === 'GET') expect(response.body.length).toBeGreaterThan(0);
  };

  it('is warned about once for each route, by its path, with what to do', async () => {
    await start();
    for (const path of ['forgotten/a.mp4', 'forgotten/b.mp4', 'lost', 'lost']) await get(path);
    expect(running!.log.complaints).toEqual([
      `GET /films/forgotten/:name sends a RangedFile without ranges: put @Ranged() on the handler that returns it, above any decorator that replaces the method; in an exception filter, await RangeResponder.send(); if this is intended, write new RangedFile(source, { acceptRanges: false })`,
      expect.stringContaining(`GET /films/lost sends a RangedFile without ranges`),
    ]);
  });

  it('is warned about when a filter replies with it, with what to do there', async () => {
    await start();
    await get('replaced/replied');
    expect(running!.log.complaints).toEqual([
      expect.stringMatching(
        /^GET \/films\/replaced\/:how sends .* in an exception filter, await RangeResponder\.send\(\);/,
      ),
    ]);
  });

  it('has its ranges when a filter does as advised', async () => {
    await start();
    const response = await fetchRaw(running!.port, '/films/replaced/sent', [['Range', 'bytes=0-9']]);
    expect([response.status, response.body.length]).toEqual([206, 10]);
  });

  it.each(['ranged', 'refused', 'plain', 'accepted', 'missing', 'meant', 'replaced/sent', 'replaced/meant'])(
    'is not warned about: %s',
    async (path) => {
      await start();
      await get(path);
      expect(running!.log.complaints).toEqual([]);
    },
  );

  it('is not warned about after a POST', async () => {
    await start();
    await get('made', 'POST');
    expect(running!.log.complaints).toEqual([]);
  });

  it.each(['forgotten/a.mp4', 'left-out'])('is not warned about with a global interceptor: %s', async (path) => {
    await start({ appInterceptor: true });
    await get(path);
    expect(running!.log.complaints).toEqual([]);
  });
});
