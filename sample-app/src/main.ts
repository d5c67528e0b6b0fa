import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { AddressInfo } from 'node:net';
import { AppModule } from './app.module.js';

const adapter = process.argv.includes('--fastify') ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit());

const described = new DocumentBuilder().setTitle('nestjs-range sample app').build();
SwaggerModule.setup('api', app, () => SwaggerModule.createDocument(app, described));

await app.listen(process.env['PORT'] ?? 3000, '0.0.0.0');
const { port }: AddressInfo = app.getHttpServer().address();
console.log(`nestjs-range on ${adapter.getType()}: http://localhost:${port}`);
