import 'reflect-metadata';
import fastifyStatic from '@fastify/static';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { startBareServer } from './bare-server.js';
import { ContendersModule } from './contenders.js';

/** A server process of a bench: tells its parent the port. */
async function main(kind: string | undefined): Promise<void> {
  process.send?.({ port: kind === 'bare' ? await startBareServer() : await startNest(kind) });
}

async function startNest(kind: string | undefined): Promise<number> {
  const logger: ('error' | 'warn')[] = ['error', 'warn'];
  if (kind === 'fastify') {
    const app = await NestFactory.create<NestFastifyApplication>(ContendersModule, new FastifyAdapter(), { logger });
    await app.register(fastifyStatic, { root: '/', serve: false, dotfiles: 'allow' });
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  }
  const app = await NestFactory.create(ContendersModule, { logger });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

await main(process.argv[2]);
