import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { AddressInfo } from 'node:net';
import { AppModule } from './app.module.js';
import { readSettings, type Settings, SettingsError } from './start/settings.js';
import { checkPort } from './start/taken-port.js';

const args = process.argv.slice(2);

try {
  await start(readSettings(args, process.env));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(1);
}

async function start({ adapter: name, port }: Settings): Promise<void> {
  await checkPort(port, args);
  const adapter = name === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit());

  const described = new DocumentBuilder().setTitle('nestjs-range sample app').build();
  SwaggerModule.setup('api', app, () => SwaggerModule.createDocument(app, described));

  await app.listen(port, '0.0.0.0');
  const address: AddressInfo = app.getHttpServer().address();
  console.log(`nestjs-range on ${name}: http://localhost:${address.port}`);
}
