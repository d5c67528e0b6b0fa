import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import request from 'supertest';
import { bytesSource, Ranged, RangedFile, RangeModule } from '../../../src/index.js';

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz');

@Controller()
@Ranged()
class Letters {
  @Get('buffer')
  buffer() {
    return new StreamableFile(LETTERS, { type: 'text/plain' });
  }

  @Get('ranged')
  ranged() {
    return new RangedFile(bytesSource(LETTERS, { type: 'text/plain', etag: '"v1"' }));
  }
}

@Module({ imports: [RangeModule], controllers: [Letters] })
class App {}

/** As apps test their own routes: with supertest, which starts the server itself. */
describe.each(['express', 'fastify'])('through supertest on %s', (adapter) => {
  let app: INestApplication;

  beforeAll(async () => {
    const options = { logger: false } as const;
    app =
      adapter === 'fastify'
        ? await NestFactory.create(App, new FastifyAdapter(), options)
        : await NestFactory.create(App, options);
    await app.init();
    await app.getHttpAdapter().getInstance().ready?.();
  });

  afterAll(() => app.close());

  it.each(['/buffer', '/ranged'])('%s is sent whole, and offers ranges', async (path) => {
    const response = await request(app.getHttpServer()).get(path).expect(200);
    expect(response.text).toBe(LETTERS.toString());
    expect(response.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-length': '26' });
  });

  it.each(['/buffer', '/ranged'])('%s is sent in part', async (path) => {
    const response = await request(app.getHttpServer()).get(path).set('Range', 'bytes=2-4').expect(206);
    expect(response.text).toBe('cde');
    expect(response.headers['content-range']).toBe('bytes 2-4/26');
  });

  it.each([
    ['a tag that it has', 'If-None-Match', '"v1"', 304],
    ['a tag that is gone', 'If-Match', '"v2"', 412],
    ['a range behind the end', 'Range', 'bytes=26-', 416],
  ])('%s', async (_, header, value, status) => {
    const response = await request(app.getHttpServer()).get('/ranged').set(header, value);
    expect(response.status).toBe(status);
    expect(response.headers['content-range']).toBe(status === 416 ? 'bytes */26' : undefined);
  });

  it('a HEAD has the length of the whole', async () => {
    const response = await request(app.getHttpServer()).head('/ranged').set('Range', 'bytes=2-4');
    expect({ status: response.status, length: response.headers['content-length'] }).toEqual({
      status: 200,
      length: '26',
    });
  });
});
