import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { RangeModule, RangeParser } from 'nestjs-range';
import { equal, ok } from 'node:assert/strict';
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
      await checkSubpaths(origin, false);
      if (AppModule === EveryRouteModule) await checkThrottledRange(origin);
    } finally {
      await app.close();
    }
    console.log(`ok: ${AppModule.name} on ${adapter.constructor.name}`);
  }
}

async function checkThrottledRange(origin: string): Promise<void> {
  const response = await fetch(`${origin}/stream`, { headers: { range: 'bytes=0-1' } });
  equal(response.status, 206);
  equal(response.headers.get('x-ratelimit-limit'), '1000');
  await response.body?.cancel();
}
