import { describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ContentStream } from '../../../src/content/writing/content-stream.js';
import { PrimedContent } from '../../../src/content/primed-content.js';
import { pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ProbeSource } from '../../support/sources/probe-source.js';
import { fetchRaw, type RawResponse } from '../../support/connections/raw-client.js';
import { Gate, settle, until } from '../../support/until.js';

const BYTES = pseudoRandomBytes(100_000);

async function prime(probe: ProbeSource, length: number | undefined = probe.bytes.byteLength): Promise<PrimedContent> {
  const { signal } = new AbortController();
  return PrimedContent.read([{ kind: 'bytes', range: undefined, length }], length, await probe.resolve(signal), signal);
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
const fail = (error: unknown): never => {
  throw error;
};

/** Collects what is written to it, each write held until the next turn of the event loop. */
class Collector extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk)); // the writer may use its memory again
    setImmediate(done);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Answers one request by `handle` on a server of Node.js, and returns what came over the wire. */
async function exchange(handle: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<RawResponse> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await fetchRaw((server.address() as AddressInfo).port, '/');
  } finally {
    server.close();
  }
}

describe('a ContentStream that is piped into its response', () => {
  it.each([1, 7000, 100_000, 200_000])('sends every byte, in chunks of %d', async (chunkSize) => {
    const bytes = chunkSize === 1 ? BYTES.subarray(0, 500) : BYTES;
    const response = await exchange(async (_, response) => {
      const content = await prime(new ProbeSource(bytes, { chunkSize }));
      response.setHeader('Content-Length', bytes.length);
      new ContentStream(content, response, fail).pipe(response);
    });
    expect(response.isComplete).toBe(true);
    expect(response.body.equals(bytes)).toBe(true);
  });

  it('writes a chunk from memory piece by piece: of a write that fails, nothing is known', async () => {
    const probe = new ProbeSource(pseudoRandomBytes(2_500_000), { chunkSize: 2_500_000 });
    const response = new Collector();
    new ContentStream(await prime(probe), response, fail).pipe(response);
    await finished(response);
    expect(response.chunks.map(({ length }) => length)).toEqual([2 ** 20, 2 ** 20, 2_500_000 - 2 ** 21]);
    expect(response.bytes.equals(probe.bytes)).toBe(true);
  });

  it('sends content of unknown length, and ends it', async () => {
    const response = await exchange(async (_, response) => {
      const content = await prime(new ProbeSource(BYTES, { chunkSize: 7000 }), undefined);
      new ContentStream(content, response, fail).pipe(response);
    });
    expect(response.framing).toBe('chunked');
    expect(response.isComplete).toBe(true);
    expect(response.body.equals(BYTES)).toBe(true);
  });

  it.each([
    ['whose content was sent, with "end" and "close"', true, ['end', 'close']],
    ['whose client has left, with "close" alone', false, ['close']],
  ])('ends when its response does: one %s', async (_, isSent, expected) => {
    const events: string[] = [];
    const closed = new Gate();
    const response = await exchange(async (_, response) => {
      const stream = new ContentStream(await prime(new ProbeSource(BYTES, { chunkSize: 7000 })), response, fail);
      for (const event of ['end', 'close']) stream.on(event, () => events.push(event)).on(event, () => {});
      stream.on('close', () => closed.open());
      stream.pipe(response);
      response.on('finish', () => {
        expect(events).toEqual([]);
        stream.close(isSent);
      });
    });
    await closed.passed;
    expect(events).toEqual(expected);
    expect(response.body.equals(BYTES)).toBe(true);
  });

  it('waits for the response before it reads on', async () => {
    const probe = new ProbeSource(BYTES, { chunkSize: 1000 });
    const written: (() => void)[] = [];
    const response = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void written.push(done) });
    new ContentStream(await prime(probe), response, fail).pipe(response);
    await until(() => written.length === 1, 'the first write');
    await settle();
    expect(probe.bytesRead).toBe(2000); // one on its way, one read ahead
    written.shift()?.();
    await until(() => written.length === 1, 'the second write');
    await settle();
    expect(probe.bytesRead).toBe(3000);
    response.destroy();
  });

  it('reports a failure once, and does not end the response', async () => {
    const failures: unknown[] = [];
    const response = new Collector();
    const probe = new ProbeSource(BYTES, {
      chunkSize: 1000,
      onChunk: (index) => {
        if (index === 3) throw new Error('broken');
      },
    });
    new ContentStream(await prime(probe), response, (error) => failures.push(error)).pipe(response);
    await until(() => failures.length > 0, 'the failure');
    await settle();
    expect(failures).toEqual([expect.objectContaining({ message: 'broken' })]);
    expect(response.writableEnded).toBe(false);
    expect(response.bytes.equals(BYTES.subarray(0, 3000))).toBe(true);
  });

  it('stops if the response was closed, and reports no failure', async () => {
    const failures: unknown[] = [];
    const response = nowhere();
    const probe = new ProbeSource(BYTES, { chunkSize: 1000 });
    const content = await prime(probe);
    response.destroy();
    new ContentStream(content, response, (error) => failures.push(error)).pipe(response);
    await settle();
    expect(probe.bytesRead).toBeLessThanOrEqual(2000);
    expect(failures).toEqual([]);
  });
});

describe('a ContentStream with another reader', () => {
  it('goes through a pipeline', async () => {
    const collector = new Collector();
    const stream = new ContentStream(await prime(new ProbeSource(BYTES, { chunkSize: 7000 })), nowhere(), fail);
    const upsideDown = new Transform({
      transform: (chunk: Buffer, _encoding, done) =>
        done(
          null,
          chunk.map((byte) => byte ^ 0xff),
        ),
    });
    await pipeline(stream, upsideDown, collector);
    expect(collector.bytes.equals(BYTES.map((byte) => byte ^ 0xff))).toBe(true);
  });

  it('is iterated', async () => {
    const stream = new ContentStream(await prime(new ProbeSource(BYTES, { chunkSize: 7000 })), nowhere(), fail);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(BYTES)).toBe(true);
  });

  it('is read as a single chunk, and as nothing', async () => {
    const one = new ContentStream(await prime(new ProbeSource(BYTES, { chunkSize: 200_000 })), nowhere(), fail);
    expect(Buffer.concat(await one.toArray()).equals(BYTES)).toBe(true);
    const none = new ContentStream(PrimedContent.empty(), nowhere(), fail);
    expect(await none.toArray()).toEqual([]);
  });

  it('goes through a response whose write a middleware has replaced', async () => {
    const response = await exchange(async (_, response) => {
      const { write, end } = response;
      const flip = (chunk: Uint8Array): Uint8Array => Buffer.from(chunk.map((byte) => byte ^ 0xff));
      // Neither calls back, which the types of both allow: the chunk leaves when it leaves.
      response.write = ((chunk: Uint8Array) => Reflect.apply(write, response, [flip(chunk)])) as typeof response.write;
      response.end = ((chunk?: Uint8Array) =>
        Reflect.apply(end, response, chunk === undefined ? [] : [flip(chunk)])) as typeof response.end;
      response.setHeader('Content-Length', BYTES.length);
      const content = await prime(new ProbeSource(BYTES, { chunkSize: 7000 }));
      new ContentStream(content, response, fail).pipe(response);
    });
    expect(response.body.equals(BYTES.map((byte) => byte ^ 0xff))).toBe(true);
  });

  it('is piped without ending its destination', async () => {
    const collector = new Collector();
    const stream = new ContentStream(await prime(new ProbeSource(BYTES, { chunkSize: 7000 })), collector, fail);
    stream.pipe(collector, { end: false });
    await until(() => collector.bytes.length === BYTES.length, 'every byte');
    await settle();
    expect(collector.writableEnded).toBe(false);
    collector.end();
  });

  it('reports a failure once, and is destroyed', async () => {
    const failures: unknown[] = [];
    const probe = new ProbeSource(BYTES, {
      chunkSize: 1000,
      onChunk: (index) => {
        if (index === 3) throw new Error('broken');
      },
    });
    const stream = new ContentStream(await prime(probe), nowhere(), (error) => failures.push(error));
    stream.on('error', () => {});
    const collector = new Collector();
    stream.pipe(collector);
    await until(() => stream.destroyed, 'the stream to be destroyed');
    expect(failures).toEqual([expect.objectContaining({ message: 'broken' })]);
    expect(collector.writableEnded).toBe(false);
  });
});
