import 'reflect-metadata';
import { Controller, Get, Module, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fileSource, generatedSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { createReadStream, readdirSync, readlinkSync } from 'node:fs';
import files from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * An app in a process of its own, whose descriptors and memory are nobody else's. It takes orders from its parent:
 * `report`, and `close`, after which it has to come to its end by itself.
 */
const [adapter, file, spool, killedAt] = process.argv.slice(2);
const MiB = 1024 * 1024;
const LENGTH = 24 * MiB;

/** What the counting source was asked for, and what came back. */
const counts = { resolved: 0, closed: 0, opened: 0, ended: 0 };

/** @param {{ resolve?: number, open?: number }} delays in ms */
function countingSource({ resolve = 0, open = 0 }) {
  return {
    async resolve() {
      if (resolve > 0) await pause(resolve);
      counts.resolved++;
      return {
        size: LENGTH,
        etag: '"v1"',
        async open(range) {
          if (open > 0) await pause(open);
          counts.opened++;
          return counted(range === undefined ? LENGTH : range.lastPos - range.firstPos + 1);
        },
        close: () => void counts.closed++,
      };
    },
  };
}

/** Counts the end of a reading, also of one that was never begun. */
function counted(length) {
  let isEnded = false;
  let unread = length;
  const end = async () => {
    if (!isEnded) counts.ended++;
    isEnded = true;
    return { done: true, value: undefined };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (unread === 0 || isEnded) return end();
      const bytes = Math.min(unread, 64 * 1024);
      unread -= bytes;
      return { done: false, value: Buffer.alloc(bytes) };
    },
    return: end,
  };
}

function endlessZeros() {
  let unread = LENGTH;
  return new Readable({
    read() {
      const bytes = Math.min(unread, 64 * 1024);
      unread -= bytes;
      this.push(bytes === 0 ? null : Buffer.alloc(bytes));
    },
  });
}

/** Bytes that tell their own positions. */
async function* counting() {
  for (let firstPos = 0; firstPos < LENGTH; firstPos += 64 * 1024) {
    if (firstPos === LENGTH / 2) await reachHalf();
    yield Buffer.from(Uint32Array.from({ length: 16 * 1024 }, (_, i) => firstPos / 4 + i).buffer);
  }
}

async function reachHalf() {
  killAt('half of its bytes');
  if (killedAt === 'an order, halfway') await new Promise(() => {}); // its parent kills it
}

/** Kills this process if it was told to be killed at that point of a generation. */
function killAt(point) {
  if (point === killedAt) process.kill(process.pid, 'SIGKILL');
}

const { rename } = files;
files.rename = async (...paths) => {
  killAt('the last of its bytes');
  await rename(...paths);
  killAt('the name of its file');
};

const HANDLERS = {
  file: () => new RangedFile(fileSource(file)),
  plain: () => new StreamableFile(createReadStream(file)),
  readable: () => new StreamableFile(endlessZeros(), { length: LENGTH }),
  source: () => new RangedFile(countingSource({})),
  'slow-resolve': () => new RangedFile(countingSource({ resolve: 20 })),
  generated: () =>
    new RangedFile(generatedSource({ key: 'count', dir: spool, generate: counting, maxBytes: LENGTH + MiB / 2 })),
  'slow-open': () => new RangedFile(countingSource({ open: 20 })),
};

class Files {}
for (const [route, handler] of Object.entries(HANDLERS)) {
  Object.defineProperty(Files.prototype, route, { value: () => handler(), configurable: true, writable: true });
  Get(route)(Files.prototype, route, Object.getOwnPropertyDescriptor(Files.prototype, route));
}
Controller()(Files);
Ranged()(Files);

class App {}
Module({ imports: [RangeModule], controllers: [Files] })(App);

const instance = {
  express: () => new ExpressAdapter(),
  fastify: () => new FastifyAdapter(),
  'fastify-http2': () => new FastifyAdapter({ http2: true }),
}[adapter]();
const app = await NestFactory.create(App, instance, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');

/** Connections are counted apart, and a runtime opens sockets and pipes of its own. */
function isOfFile(fd) {
  try {
    return /^\/(?!dev|proc|sys)/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return false; // that of the listing
  }
}

async function report() {
  const connections = await new Promise((resolve) => app.getHttpServer().getConnections((_, count) => resolve(count)));
  global.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const descriptors = readdirSync('/proc/self/fd').filter(isOfFile).length;
  // Pipes are its own standard streams, which are made when they are first used.
  const handles = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap');
  return { ...counts, connections, descriptors, handles, heap: heapUsed, buffers: arrayBuffers, resident: rss };
}

process.on('message', async (order) => {
  if (order === 'report') process.send(await report());
  else if (order === 'close') {
    await app.close();
    process.disconnect();
  }
});
process.send({ port: app.getHttpServer().address().port });
