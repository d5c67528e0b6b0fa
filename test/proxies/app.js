import 'reflect-metadata';
import { Controller, Get, Header, Module, Query, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';

/**
 * An app in a process of its own, to be put behind a proxy. It takes orders from its parent: `count`, which tells how many
 * requests came, and `close`.
 */
const [adapter, root] = process.argv.slice(2);
let requests = 0;

class PassGuard {
  canActivate(context) {
    return context.switchToHttp().getRequest().headers['x-pass'] === 'open';
  }
}

class Files {
  /** Sent by nginx, to whoever has the pass. */
  guarded(name) {
    return new RangedFile(fileSource(name, { root, offload: { accelRedirect: '/internal/' } }));
  }

  /** Sent by the app. */
  file(name) {
    return new RangedFile(fileSource(name, { root }));
  }
}

function decorate(method, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(Files.prototype, method);
  for (const decorator of decorators) decorator(Files.prototype, method, descriptor);
  Query('name')(Files.prototype, method, 0);
}

decorate(
  'guarded',
  Get('guarded'),
  UseGuards(PassGuard),
  Ranged({ disposition: 'attachment', filename: 'clip.mp4', cacheControl: 'private, max-age=60' }),
  Header('Content-Language', 'de'),
  Header('Set-Cookie', 'seen=1'),
  Header('Vary', 'X-Pass'),
);
decorate('file', Get('file'), Ranged());
Controller()(Files);

class App {}
Module({ imports: [RangeModule], controllers: [Files] })(App);

const instance = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(App, instance, { logger: ['error', 'warn'] });
app.use((_, __, next) => {
  requests++;
  next();
});
await app.listen(0, '127.0.0.1');

process.on('message', async (order) => {
  if (order === 'count') process.send({ requests });
  else if (order === 'close') {
    await app.close();
    process.disconnect();
  }
});
process.send({ port: app.getHttpServer().address().port });
