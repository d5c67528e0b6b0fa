import 'reflect-metadata';
import fastifyStatic from '@fastify/static';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ServeStaticModule } from '@nestjs/serve-static';
import { RangedFolderModule, RangeModule } from 'nestjs-range';
import { register } from 'node:module';
import type { AddressInfo } from 'node:net';
import { BoundsController } from './controllers/bounds.controller.js';
import { LeastController } from './controllers/least.controller.js';
import { PacedController } from './controllers/paced.controller.js';
import { PlainController } from './controllers/plain.controller.js';
import { RangedController } from './controllers/ranged.controller.js';
import { ROOT } from './served-file.js';
import { UsualController } from './controllers/usual.controller.js';

/** One app for all contenders, but for what cannot stand beside the others without costing them something. */
@Module({})
class BenchModule {
  static async for(route: string): Promise<DynamicModule> {
    const module = BenchModule;
    if (servesStore()) return { module, imports: [RangeModule], controllers: [await storeController()] };
    if (route === 'plain-without-module') return { module, controllers: [PlainController] };
    if (route === 'plain') return { module, imports: [RangeModule], controllers: [PlainController] };
    return {
      module,
      imports: [RangeModule, ...directories(route)],
      controllers: [BoundsController, LeastController, PacedController, RangedController, UsualController],
    };
  }
}

/** They match every path below theirs, so each is there for its own route alone. */
function directories(route: string): DynamicModule[] {
  switch (route) {
    case 'folder':
      return [RangedFolderModule.forRoot({ root: ROOT, path: '/folder' })];
    case 'serve-static':
      return [ServeStaticModule.forRoot({ rootPath: ROOT, serveRoot: '/serve-static' })];
    default:
      return [];
  }
}

function servesStore(): boolean {
  return process.env['BENCH_STORE'] !== '';
}

/** Imported only where it is asked for: it needs the SDK of the store. */
async function storeController() {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'; // eight lines for each process
  register('./controllers/find-s3-sdk.js', import.meta.url);
  return (await import('./controllers/store.controller.js')).StoreController;
}

/** Resolves with its port. */
export async function startNestApp(family: string, route: string): Promise<number> {
  const app = await (family === 'fastify' ? createOnFastify(route) : create(route));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return port;
}

const OPTIONS = { logger: ['error', 'warn'] as ('error' | 'warn')[] };

async function create(route: string) {
  return NestFactory.create(await BenchModule.for(route), OPTIONS);
}

async function createOnFastify(route: string) {
  const app = await NestFactory.create<NestFastifyApplication>(
    await BenchModule.for(route),
    new FastifyAdapter(),
    OPTIONS,
  );
  if (route === 'send-file') await app.register(fastifyStatic, { root: ROOT, serve: false });
  return app;
}
