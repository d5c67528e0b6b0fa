import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Res, StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { checkRangedEndpoint, type EndpointOptions, type Finding } from 'nestjs-range/testing';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificate } from '../../support/connections/certificate.js';
import { FixtureDirectory, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { FaultyServer, NO_FAULT, type Plant } from './planted/faulty-server.js';
import { lineOf } from './planted/reference-server.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const BYTES = pseudoRandomBytes(100_000);
const path = fixtures.write('clip.mp4', BYTES);

/** Too young for a strong validator. */
const JUST_NOW = new Date(Date.now() - 5000);

@Controller()
class Files {
  @Get('file')
  @Ranged({ cacheControl: 'max-age=60' })
  file() {
    return new RangedFile(fileSource(path));
  }

  @Get('dated')
  @Ranged({ etag: false })
  dated() {
    return new RangedFile(bytesSource(BYTES, { lastModified: new Date('2024-02-29T12:34:56Z') }));
  }

  /** As a file that was just written. */
  @Get('untagged')
  @Ranged({ etag: false })
  untagged() {
    return new RangedFile(bytesSource(BYTES));
  }

  @Get('weak')
  @Ranged()
  weak() {
    return new RangedFile(bytesSource(BYTES, { etag: 'W/"1"', lastModified: JUST_NOW }));
  }

  @Get('stream')
  @Ranged()
  stream() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('plain')
  plain() {
    return new StreamableFile(createReadStream(path));
  }

  @Get('send-file')
  sendFile(@Res() response: { sendFile(path: string): void }) {
    response.sendFile(path);
  }
}

const questionsOf = (findings: readonly Finding[]): string[] => findings.map(({ question }) => question);
const faultsOf = (findings: readonly Finding[]): Finding[] => findings.filter(({ ok }) => !ok);

describe.each(ADAPTERS)('checkRangedEndpoint on our own endpoints, on %s', (adapter) => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Files] });
  });
  afterAll(() => running.close());
  const check = (name: string, options?: EndpointOptions): Promise<Finding[]> =>
    checkRangedEndpoint(`http://127.0.0.1:${running.port}/${name}`, options);

  it.each(['file', 'dated', 'weak', 'stream'])('finds no fault: %s', async (name) => {
    const findings = await check(name, { bytes: BYTES });
    expect(faultsOf(findings)).toEqual([]);
    expect(findings.length).toBeGreaterThan(50);
    expect(new Set(questionsOf(findings)).size).toBe(findings.length);
    for (const { reference, expected, got } of findings) {
      expect(reference).toMatch(/^(?:RFC 911\d §[\d.]+|this check)$/);
      expect(got).toBe(expected);
    }
  });

  it('names what a plain StreamableFile lacks', async () => {
    const faults = questionsOf(faultsOf(await check('plain')));
    expect(faults).toEqual(
      expect.arrayContaining([
        'whether ranges are offered',
        'whether a download can be resumed',
        'the first byte: Range: bytes=0-0',
        'a first position at the complete length: Range: bytes=100000-',
      ]),
    );
  });

  it('names one fault where there is no answer', async () => {
    const findings = await check('nothing-here');
    expect(findings).toEqual([
      {
        question: 'GET',
        reference: 'RFC 9110 §9.3.1',
        ok: false,
        level: 'must',
        expected: '200',
        got: expect.stringMatching(/^404, \d+ bytes, from http:\/\/127\.0\.0\.1:\d+\/nothing-here$/),
      },
    ]);
    const nobody = await checkRangedEndpoint('http://127.0.0.1:1/');
    expect(nobody).toMatchObject([{ ok: false, got: expect.stringContaining('no response: ') }]);
  });

  it('says that a file without validators may be too young', async () => {
    const [fault] = faultsOf(await check('untagged'));
    expect(fault).toMatchObject({
      question: 'whether a download can be resumed',
      got: 'etag is missing, last-modified is missing; nestjs-range sends both once a file is two seconds old',
    });
  });

  it('names bytes that are not those it is told of', async () => {
    const faults = faultsOf(await check('file', { bytes: BYTES.subarray(1) }));
    expect(faults).toMatchObject([{ question: 'the bytes of the GET', got: 'other bytes' }]);
  });
});

describe('checkRangedEndpoint where the plain GET is not a 200', () => {
  it.each([
    [401, '; if it needs a login, pass the option "headers"'],
    [403, '; if it needs a login, pass the option "headers"'],
    [302, '; it follows no redirection: pass the final URL, or a login in the option "headers"'],
    [404, ''],
    [500, ''],
  ])('names the URL without its query, and what may help: %i', async (status, advice) => {
    const server = createServer((_, response) => response.writeHead(status).end('no')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const findings = await checkRangedEndpoint(`${origin}/private/clip.mp4?signature=secret`);
    expect(findings).toMatchObject([
      { question: 'GET', ok: false, got: `${status}, 2 bytes, from ${origin}/private/clip.mp4${advice}` },
    ]);
    server.close();
  });
});

describe("checkRangedEndpoint on Express' sendFile", () => {
  it('names what it gets wrong', async () => {
    const running = await startApp('express', { imports: [RangeModule], controllers: [Files] });
    const findings = await checkRangedEndpoint(`http://127.0.0.1:${running.port}/send-file`);
    await running.close();
    expect(questionsOf(faultsOf(findings))).toEqual(
      expect.arrayContaining([
        'a suffix longer than everything: Range: bytes=-100001',
        'HEAD with Range: bytes=0-0',
        'If-Match with the tag made weak',
        'If-Range with the tag made weak',
        'If-Range with a list of tags',
        'If-Range with a later date',
      ]),
    );
    expect(faultsOf(findings).length).toBeLessThan(12); // and most of it right
  });
});

describe('checkRangedEndpoint with options', () => {
  let server: FaultyServer;
  beforeAll(async () => {
    server = await FaultyServer.start(BYTES);
  });
  afterAll(() => server.close());

  it('asks nothing of what is too small to be asked for ranges, and reads no more than it may', async () => {
    const small = await checkRangedEndpoint(server.urlWith({ bytes: Buffer.from('small') }));
    expect(faultsOf(small)).toMatchObject([{ question: 'the length of the content', got: '5 bytes' }]);
    const large = await checkRangedEndpoint(server.urlWith(NO_FAULT), { maxSize: 1000 });
    expect(faultsOf(large)).toMatchObject([
      { question: 'GET', got: expect.stringContaining('more than maxSize (1000) bytes') },
    ]);
  });

  it('sends the headers that it is given', async () => {
    const guarded: Plant = {
      write: (reply, { headers }) =>
        headers.get('authorization')?.[0] === 'Bearer t' ? reply : { status: 401, headers: {}, body: Buffer.alloc(0) },
    };
    expect(faultsOf(await checkRangedEndpoint(server.urlWith(guarded)))).toMatchObject([
      { got: expect.stringMatching(/^401, 0 bytes, from .*; if it needs a login, pass the option "headers"$/) },
    ]);
    const headers = { Authorization: 'Bearer t' };
    expect(faultsOf(await checkRangedEndpoint(server.urlWith(guarded), { headers }))).toEqual([]);
  });

  it('asks as the user that the URL names', async () => {
    const asked = new Set<string | undefined>();
    const url = new URL(server.urlWith({ read: (request) => (asked.add(lineOf(request, 'authorization')), request) }));
    [url.username, url.password] = ['ada', 's@cret'];
    expect(faultsOf(await checkRangedEndpoint(url))).toEqual([]);
    expect([...asked]).toEqual([`Basic ${Buffer.from('ada:s@cret').toString('base64')}`]);
  });

  it('asks over TLS, and believes no certificate that nobody has signed', async () => {
    const secure = createTlsServer(createCertificate(fixtures));
    await new Promise<void>((resolve) => {
      secure.listen(0, '127.0.0.1', resolve);
    });
    const { port } = secure.address() as AddressInfo;
    const findings = await checkRangedEndpoint(`https://127.0.0.1:${port}/`);
    secure.close();
    expect(findings).toMatchObject([{ got: expect.stringMatching(/^no response: .*certificate/) }]);
  });

  it('tells what is against a MUST from what is against a SHOULD', async () => {
    const levelsWith = async (plant: Plant): Promise<unknown> => {
      const faults = faultsOf(await checkRangedEndpoint(server.urlWith(plant)));
      return [...new Set(faults.map(({ level }) => level))];
    };
    const change416 = (headers: Record<string, string>): Plant => ({
      write: (reply) => (reply.status === 416 ? { ...reply, headers: { ...headers, 'Content-Length': '0' } } : reply),
    });
    expect(await levelsWith(change416({}))).toEqual(['should']);
    expect(await levelsWith(change416({ 'Content-Range': 'bytes */1' }))).toEqual(['must']);
    const ignoring: Plant = { read: ({ method, headers }) => ({ method, headers: without(headers, 'range') }) };
    expect(await levelsWith(ignoring)).toEqual(['should']);
  });
});

function without<T>(map: ReadonlyMap<string, T>, name: string): ReadonlyMap<string, T> {
  return new Map([...map].filter(([key]) => key !== name));
}
