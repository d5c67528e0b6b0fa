import 'reflect-metadata';
import { Controller, Get, HttpException, Module, Param, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  fileSource,
  generatedSource,
  httpSource,
  Ranged,
  RangedFile,
  RangedFolderModule,
  RangeModule,
  RangeResponder,
} from 'nestjs-range';
import { zipSource } from 'nestjs-range/zip';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { rowController } from '../../e2e/responses/rows/row-tables.js';
import { FILE_KINDS, mediumOf } from '../../support/sources/file-kinds.js';
import { type ProbeBehaviour, ProbeSource } from '../../support/sources/probe-source.js';

/** An app on the installed package, in a process of its own. It ends when its parent sends `close`. */
const [adapter = '', directory = ''] = process.argv.slice(2);
const LARGE = readFileSync(join(directory, 'large.bin'));

const rows = rowController((kind, size) => FILE_KINDS[kind]!.make(mediumOf(directory, size)));

/** Sources that fail before the first byte, or after some. */
const FAULTS: Readonly<Record<string, ProbeBehaviour>> = {
  unresolved: {
    onResolve: () => {
      throw new HttpException('Gone', 410);
    },
  },
  unopened: {
    onOpen: () => {
      throw new Error('the disk is gone');
    },
  },
  broken: {
    async onChunk(index) {
      if (index !== 3) return;
      await pause(300); // what arrives together with a reset may be lost
      throw new Error('the disk is gone');
    },
  },
  short: { surplus: -1000 },
  long: { surplus: 1000 },
  silent: { onResolve: () => new Promise(() => {}) },
};

@Controller()
@Ranged()
class Files {
  constructor(private readonly responder: RangeResponder) {}

  @Get('file/:name')
  file(@Param('name') name: string) {
    return new RangedFile(fileSource(name, { root: directory }));
  }

  @Get('paced')
  @Ranged({ rateLimit: { bytesPerSecond: 8_000_000, after: 1_000_000 } })
  paced() {
    return this.file('large.bin');
  }

  @Get('archive.zip')
  archive() {
    const entries = ['clip-0.mp4', 'clip-1.mp4', 'clip-300007.mp4'].map((name) => ({
      name: `clips/${name}`,
      source: fileSource(name, { root: directory }),
    }));
    return new RangedFile(zipSource(entries));
  }

  @Get('generated')
  generated() {
    async function* generate(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < LARGE.length; at += 100_000) yield LARGE.subarray(at, at + 100_000);
    }
    return new RangedFile(generatedSource({ key: 'large', dir: join(directory, 'spool'), generate }));
  }

  @Get('upstream')
  upstreamFile() {
    const { port } = upstream.address() as AddressInfo;
    return new RangedFile(httpSource(`http://127.0.0.1:${port}/large.bin`));
  }

  @Get('responder')
  async byResponder(@Res() response: { req?: object; request?: object }) {
    await this.responder.send(response.request ?? response.req, response, this.file('large.bin'));
  }

  @Get('fault/:name')
  @Ranged({ sourceTimeoutMs: 300 })
  fault(@Param('name') name: string) {
    return new RangedFile(new ProbeSource(LARGE, { etag: '"v1"', ...FAULTS[name] }));
  }

  @Get('unsized-fault')
  unsizedFault() {
    return new RangedFile(new ProbeSource(LARGE, { size: undefined, ...FAULTS['broken'] } as ProbeBehaviour));
  }
}

class App {}
Module({
  imports: [
    RangeModule,
    RangedFolderModule.forRoot({ path: '/assets', root: join(directory, 'assets'), fallback: 'index.html' }),
  ],
  controllers: [rows, Files],
})(App);

/** Serves the large file as object stores do. */
const upstream = createServer(({ headers }, response) => {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const [firstPos, lastPos] = [Number(first), last === '' ? LARGE.length - 1 : Number(last)];
  response.writeHead(headers.range === undefined ? 200 : 206, {
    etag: '"large"',
    'content-length': lastPos - firstPos + 1,
    ...(headers.range === undefined ? {} : { 'content-range': `bytes ${firstPos}-${lastPos}/${LARGE.length}` }),
  });
  response.end(LARGE.subarray(firstPos, lastPos + 1));
});

async function start(): Promise<void> {
  upstream.listen(0, '127.0.0.1');
  const instance = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(App, instance, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  process.on('message', () => {
    upstream.close();
    upstream.closeAllConnections();
    void app.close().then(() => process.disconnect());
  });
  const { port } = app.getHttpServer().address() as AddressInfo;
  process.send?.({ port });
}

void start();
