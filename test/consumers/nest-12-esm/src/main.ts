import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { bytesSource, Ranged, RangedFile, RangeModule, RangeParser } from 'nestjs-range';
import { deepEqual, equal, ok } from 'node:assert/strict';
import { checkAnswers } from './check-answers.js';
import { checkSubpaths } from './check-subpaths.js';
import { MediaController } from './media.controller.js';

@Module({
  imports: [RangeModule.forRoot({ appInterceptor: true }), ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1000 }])],
  controllers: [MediaController],
  // The throttler is CommonJS, which Jest cannot let load Nest 12: here is where the two meet.
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
class EveryRouteModule {}

@Module({ imports: [RangeModule], controllers: [MediaController] })
class DecoratedRoutesModule {}

for (const AppModule of [EveryRouteModule, DecoratedRoutesModule]) {
  for (const adapter of [new ExpressAdapter(), new FastifyAdapter()]) {
    const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
    await app.listen(0, '127.0.0.1');
    try {
      ok(app.get(RangeParser) instanceof RangeParser);
      const origin = await app.getUrl();
      await checkAnswers(origin, AppModule === EveryRouteModule);
      await checkSubpaths(origin, { swagger: true });
      if (AppModule === EveryRouteModule) await checkThrottledRange(origin);
    } finally {
      await app.close();
    }
    console.log(`ok: ${AppModule.name} on ${adapter.constructor.name}`);
  }
}

await checkInjectedRange();

/** Fastify answers an injected request without a connection, also while the app closes. (Jest cannot load what does it.) */
async function checkInjectedRange(): Promise<void> {
  let begin: () => void;
  let answer: () => void;
  const isAsked = new Promise<void>((resolve) => (begin = resolve));
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve));

  @Controller()
  class SlowController {
    @Get('slow')
    @Ranged()
    async slow(): Promise<RangedFile> {
      begin();
      await mayAnswer;
      return new RangedFile(bytesSource(Buffer.from('0123456789')));
    }
  }

  @Module({ imports: [RangeModule], controllers: [SlowController] })
  class SlowModule {}

  const adapter = new FastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(SlowModule, adapter, { logger: ['error', 'warn'] });
  await app.init();
  await adapter.getInstance().ready();
  const asked = app.inject({ url: '/slow', headers: { range: 'bytes=2-4' } });
  await isAsked;
  const closed = app.close();
  setTimeout(answer!, 200); // when it has begun to close
  const { statusCode, body } = await asked;
  deepEqual({ statusCode, body }, { statusCode: 206, body: '234' });
  await closed;
  console.log('ok: an injected request while the app closes');
}

async function checkThrottledRange(origin: string): Promise<void> {
  const response = await fetch(`${origin}/stream`, { headers: { range: 'bytes=0-1' } });
  equal(response.status, 206);
  equal(response.headers.get('x-ratelimit-limit'), '1000');
  await response.body?.cancel();
}
