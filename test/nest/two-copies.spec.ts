import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Logger } from '@nestjs/common';
import { bytesSource, Ranged, RangedFile, RangeModule, type RangeModuleExtras } from 'nestjs-range';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fetchRaw } from '../support/connections/raw-client.js';
import { ADAPTERS, RecordingLogger } from '../support/apps/test-app.js';

/** The app's own Nest: 11, where this package has got another copy, of 12. */
const NEST = join(import.meta.dirname, '..', 'nest-11', 'node_modules', '@nestjs');
const importNest = async <T>(name: string): Promise<T> => (await import(join(NEST, name, 'index.js'))) as T;
const { Controller, Get, Module, StreamableFile } = await importNest<typeof import('@nestjs/common')>('common');
const { NestFactory } = await importNest<typeof import('@nestjs/core')>('core');
const { ExpressAdapter } = await importNest<typeof import('@nestjs/platform-express')>('platform-express');
const { FastifyAdapter } = await importNest<typeof import('@nestjs/platform-fastify')>('platform-fastify');

/** Anew for each app, for warnings come once for each handler. */
function files(): new () => object {
  @Controller()
  class Files {
    @Get('streamable')
    @Ranged()
    streamable() {
      return new StreamableFile(Buffer.from('whole'));
    }

    @Get('ranged')
    @Ranged()
    ranged() {
      return new RangedFile(bytesSource(Buffer.from('whole')));
    }

    @Get('unmarked')
    unmarked() {
      return new StreamableFile(Buffer.from('whole'));
    }

    @Get('unmarked-ranged')
    unmarkedRanged() {
      return new RangedFile(bytesSource(Buffer.from('whole')));
    }
  }
  return Files;
}

describe.each(ADAPTERS)('if the app has another copy of @nestjs/common, on %s,', (adapter) => {
  let app: INestApplication | undefined;
  const log = new RecordingLogger();
  afterEach(() => app?.close());

  async function start(extras: RangeModuleExtras = {}): Promise<number> {
    log.clear();
    Logger.overrideLogger(log); // of the other copy: the app knows nothing of it
    class AppModule {}
    Module({ imports: [RangeModule.forRoot(extras)], controllers: [files()] })(AppModule);
    const framework = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    app = await NestFactory.create(AppModule, framework, { logger: log, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  }

  it.each([
    ['@Ranged()', '/streamable', {}],
    ['the whole app', '/unmarked', { appInterceptor: true }],
  ])('a StreamableFile is sent as Nest sends it, and the log says so: %s', async (_, path, extras) => {
    const port = await start(extras);
    const response = await fetchRaw(port, path);
    expect([response.status, response.body.toString()]).toEqual([200, 'whole']);
    expect(log.complaints).toEqual([expect.stringMatching(/another copy of @nestjs\/common.*npm ls @nestjs\/common/)]);
  });

  it.each(['/ranged', '/unmarked-ranged'])('a RangedFile does not become JSON: %s', async (path) => {
    const port = await start();
    const response = await fetchRaw(port, path);
    expect(response.status).toBe(500);
    expect(response.body.toString()).not.toContain('npm');
    expect(log.complaints).toEqual([expect.stringMatching(/cannot be sent as JSON.*npm ls @nestjs\/common/)]);
  });
});
