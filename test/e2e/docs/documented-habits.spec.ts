import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  Get,
  type NestInterceptor,
  Param,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { map, tap } from 'rxjs';
import { mkdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());
mkdirSync(fixtures.at('sub'));
fixtures.write('sub/clip.mp4', Buffer.alloc(1000));
fixtures.write('clip', Buffer.alloc(1000));

/** What each interceptor has got from within. */
const seen: string[] = [];
const observer = (name: string): new () => NestInterceptor =>
  class {
    intercept(_context: unknown, next: CallHandler) {
      return next.handle().pipe(tap((result: unknown) => seen.push(`${name}: ${nameOf(result)}`)));
    }
  };
const nameOf = (result: unknown): string => (result as object).constructor.name;

class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => (data instanceof StreamableFile ? data : { data })));
  }
}

@Controller('media')
class Media {
  @Get('ordered')
  @UseInterceptors(observer('above'))
  @Ranged()
  @UseInterceptors(observer('below'))
  ordered() {
    return this.open('sub/clip.mp4');
  }

  @Get('files/*')
  @Ranged({ disposition: 'inline' })
  nested(@Param() parameters: Record<string, string | string[]>) {
    return this.open([parameters['*'] ?? parameters['path'] ?? []].flat().join('/'));
  }

  @Get('buffer')
  buffer() {
    return Buffer.from('abc');
  }

  @Get('stream')
  stream() {
    return Readable.from([Buffer.from('abc')]);
  }

  @Get('named')
  @Ranged({ filename: 'a.mp4' })
  named() {
    return this.open('clip');
  }

  @Get('list')
  list() {
    return [1];
  }

  private open(name: string): RangedFile {
    return new RangedFile(fileSource(name, { root: fixtures.path }));
  }
}

describe.each(ADAPTERS)('what docs/errors.md and docs/recipes.md say of habits, on %s:', (adapter) => {
  let running: TestApp;
  afterEach(async () => {
    await running.close();
    seen.length = 0;
  });

  const get = async (path: string, range = 'bytes=0-9') => fetchRaw(running.port, `/media/${path}`, [['Range', range]]);
  const start = async (...interceptors: (new () => NestInterceptor)[]): Promise<void> => {
    const providers = interceptors.map((useClass) => ({ provide: APP_INTERCEPTOR, useClass }));
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Media], providers });
  };

  it('an interceptor above @Ranged() sees the file; one below it, and a global one, see the response', async () => {
    await start(observer('app'));
    expect((await get('ordered')).status).toBe(206);
    expect(seen).toEqual(['above: RangedFile', 'below: RangedResponse', 'app: RangedResponse']);
  });

  it('an interceptor that wraps everything but StreamableFiles leaves files alone', async () => {
    await start(Wrapping);
    expect((await get('ordered')).status).toBe(206);
    expect((await get('list')).body.toString()).toBe('{"data":[1]}');
  });

  it.each([
    ['files/sub/clip.mp4', 206],
    ['files/clip', 206],
    ['files/sub/missing.mp4', 404],
    ['files/..%2Fclip', 404],
  ])('a wildcard leads to nested paths: %s', async (path, status) => {
    await start();
    expect((await get(path)).status).toBe(status);
  });

  it('a bare Buffer or stream becomes JSON on Express, except a stream on Nest 12', async () => {
    await start();
    const isJson = async (path: string): Promise<boolean> => (await get(path)).body.toString() !== 'abc';
    expect(await isJson('buffer')).toBe(adapter === 'express');
    expect(await isJson('stream')).toBe(adapter === 'express' && process.env['NEST_MAJOR'] === '11');
  });

  it('a filename alone is an attachment, and a name without an extension has no type', async () => {
    await start();
    const named = await get('named');
    expect(header(named, 'Content-Disposition')).toMatch(/^attachment/);
    expect(header(named, 'Content-Type')).toBe('application/octet-stream');
  });
});
