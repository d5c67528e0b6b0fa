import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RangeModule, RangeParser } from 'nestjs-range';
import { ok } from 'node:assert/strict';
import { checkAnswers } from './check-answers';
import { checkSubpaths } from './check-subpaths';
import { MediaController } from './media.controller';

@Module({ imports: [RangeModule.forRoot({ appInterceptor: true })], controllers: [MediaController] })
class EveryRouteModule {}

@Module({ imports: [RangeModule], controllers: [MediaController] })
class DecoratedRoutesModule {}

async function main(): Promise<void> {
  for (const AppModule of [EveryRouteModule, DecoratedRoutesModule]) {
    for (const adapter of [new ExpressAdapter(), new FastifyAdapter()]) {
      const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });
      await app.listen(0, '127.0.0.1');
      try {
        ok(app.get(RangeParser) instanceof RangeParser);
        await checkAnswers(await app.getUrl(), AppModule === EveryRouteModule);
        await checkSubpaths(await app.getUrl(), { s3: true, swagger: true });
      } finally {
        await app.close();
      }
      console.log(`ok: ${AppModule.name} on ${adapter.constructor.name}`);
    }
  }
}

void main();
