import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  bytesSource,
  classifyResponse,
  formatResponse,
  onRangeResponse,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
  redirectSource,
  SourceNotFoundError,
} from 'nestjs-range';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { register } from 'prom-client';
import { pseudoRandomBytes } from '../support/sources/fixtures.js';
import { fetchRaw, RawConnection, requestText } from '../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../support/apps/test-app.js';
import { until } from '../support/until.js';
import { logResponses } from '../observability/log-lines.js';
import { RangeTelemetry } from '../observability/open-telemetry.js';
import { RangeMetrics } from '../observability/prometheus.js';

const read = (...names: string[]): string => readFileSync(join(import.meta.dirname, ...names), 'utf8');
const LARGE = pseudoRandomBytes(30_000_000);

@Controller()
class FileController {
  @Get('film')
  @Ranged()
  film(): RangedFile {
    return new RangedFile(bytesSource(LARGE, { type: 'video/mp4', etag: '"v1"' }));
  }

  @Get('missing')
  @Ranged()
  missing(): RangedFile {
    return new RangedFile({ resolve: () => Promise.reject(new SourceNotFoundError('no such film')) });
  }

  @Get('short')
  @Ranged()
  short(): RangedFile {
    return new RangedFile({ resolve: () => ({ size: 1000, open: () => Readable.from([Buffer.alloc(600)]) }) });
  }

  @Get('elsewhere')
  @Ranged()
  elsewhere(): RangedFile {
    return new RangedFile(redirectSource('https://store.example/film'));
  }
}

it.each(['prometheus.ts', 'open-telemetry.ts', 'log-lines.ts'])(
  'docs/observability.md has %s as it is run here',
  (name) => {
    expect(read('..', '..', 'docs', 'observability.md')).toContain(
      `\`\`\`ts\n${read('..', 'observability', name).trim()}\n\`\`\``,
    );
  },
);

describe.each(ADAPTERS)('the examples of docs/observability.md, on %s', (adapter) => {
  let running: TestApp;
  let messages: RangedResponseMessage[];
  let stop: () => void;

  beforeEach(async () => {
    register.clear();
    messages = [];
    stop = onRangeResponse((message) => messages.push(message));
  });

  afterEach(async () => {
    stop();
    await running.close();
  });

  const start = async (...providers: (new () => object)[]): Promise<void> => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [FileController], providers });
  };

  const leave = async (): Promise<void> => {
    const connection = await RawConnection.open(running.port);
    connection.send(requestText('/film'));
    await connection.untilReceived(100_000);
    connection.reset();
  };

  const ROWS: readonly (readonly [string, string, [string, string][], string, string?])[] = [
    ['complete', '/film', [], 'all of it'],
    ['partial', '/film', [['Range', 'bytes=0-9']], 'one range'],
    ['partial', '/film', [['Range', 'bytes=0-9,1000-1009']], 'several ranges'],
    ['not-modified', '/film', [['If-None-Match', '"v1"']], 'a 304'],
    ['refused', '/film', [['If-Match', '"v0"']], 'a 412'],
    ['refused', '/film', [['Range', 'bytes=30000000-']], 'a 416'],
    ['refused', '/missing', [], 'a 404'],
    ['head', '/film', [], 'a HEAD', 'HEAD'],
    ['delegated', '/elsewhere', [], 'a redirection to the store'],
    ['failed', '/short', [], 'a source that breaks off'],
  ];

  it.each(ROWS)('%s: %s %j, %s', async (result, target, headers, _, method = 'GET') => {
    await start();
    await fetchRaw(running.port, target, headers, method).catch(() => {}); // a connection that is cut may leave nothing
    await until(() => messages.length > 0, 'a message');
    expect(messages.map(classifyResponse)).toEqual([result]);
  });

  it('aborted: a client that leaves', async () => {
    await start();
    await leave();
    await until(() => messages.length > 0, 'a message');
    expect(messages.map(classifyResponse)).toEqual(['aborted']);
  });

  it('counters of prom-client: a seek does not count as a download', async () => {
    await start(RangeMetrics);
    await fetchRaw(running.port, '/film');
    for (let i = 0; i < 3; i++)
      await fetchRaw(running.port, '/film', [['Range', `bytes=${i * 1000}-${i * 1000 + 99}`]]);
    await leave();
    await until(() => messages.length === 5, 'five messages');
    const counts = await register.getSingleMetric('range_responses_total')!.get();
    expect(Object.fromEntries(counts.values.map(({ labels, value }) => [labels['class'], value]))).toEqual({
      complete: 1,
      partial: 3,
      aborted: 1,
    });
    const text = await register.metrics();
    expect(text).toContain(`range_sent_bytes_total{class="complete"} ${LARGE.length}`);
    expect(text).toContain('range_sent_bytes_total{class="partial"} 300');
    expect(text).toContain('range_response_seconds_count{class="partial"} 3');
  });

  it('counters stop when the app closes', async () => {
    await start(RangeMetrics);
    await running.close();
    await start();
    await fetchRaw(running.port, '/film', [['Range', 'bytes=0-9']]);
    await until(() => messages.length === 1, 'a message');
    expect(await register.metrics()).not.toContain('partial');
  });

  it('counters of prom-client begin again with the next app in the process', async () => {
    for (const app of [1, 2]) {
      if (app === 2) await running.close();
      await start(RangeMetrics);
      await fetchRaw(running.port, '/film', [['Range', 'bytes=0-9']]);
      await until(() => messages.length === 1, 'a message');
      expect(await register.metrics()).toContain('range_sent_bytes_total{class="partial"} 10\n');
      messages.splice(0);
    }
  });

  it('counters of OpenTelemetry', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    metrics.setGlobalMeterProvider(provider);
    try {
      await start(RangeTelemetry);
      await fetchRaw(running.port, '/film', [['Range', 'bytes=0-99']]);
      await fetchRaw(running.port, '/missing');
      await until(() => messages.length === 2, 'two messages');
      await provider.forceFlush();
      const [scope] = exporter.getMetrics()[0]!.scopeMetrics;
      const valuesOf = (name: string): [unknown, unknown][] =>
        scope!.metrics
          .find(({ descriptor }) => descriptor.name === name)!
          .dataPoints.map(({ attributes, value }) => [attributes['range.class'], value]);
      expect(valuesOf('range.responses')).toEqual([
        ['partial', 1],
        ['refused', 1],
      ]);
      expect(valuesOf('range.sent')).toEqual([
        ['partial', 100],
        ['refused', 0],
      ]);
    } finally {
      metrics.disable();
      await provider.shutdown();
    }
  });

  it('lines of pino, at the level that fits', async () => {
    const lines: { level: number; msg: string; result: string; err?: { message: string } }[] = [];
    const end = logResponses(pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) }));
    await start();
    await fetchRaw(running.port, '/film?token=secret', [['Range', 'bytes=0-9,1000-1009']]);
    await leave();
    await until(() => lines.length === 2, 'two lines');
    await fetchRaw(running.port, '/short').catch(() => {});
    await until(() => lines.length === 3, 'three lines');
    end();
    await fetchRaw(running.port, '/film');
    expect(lines.map(({ level, result }) => [level, result])).toEqual([
      [30, 'partial'],
      [20, 'aborted'],
      [50, 'failed'],
    ]);
    expect(lines[0]!.msg).toMatch(/^GET \/film 206 partial bytes=0-9,1000-1009 (\d+)\/\1 \d+\.\dms$/);
    expect(lines[1]!.msg).toMatch(/^GET \/film 200 aborted \d+\/30000000 \d+\.\dms$/);
    expect(lines[2]!.msg).toMatch(/^GET \/short 200 failed \d+\/1000 \d+\.\dms the source sent 600 of the 1000 bytes/);
    expect(lines[2]!.err!.message).toContain('the source sent 600');
  });

  it('a listener that throws is logged, and stops neither the process nor the other listeners', async () => {
    await start();
    const end = onRangeResponse(() => {
      throw new Error('the registry is full');
    });
    const response = await fetchRaw(running.port, '/film', [['Range', 'bytes=0-9']]);
    await until(() => messages.length === 1, 'the other listener to be told');
    await until(() => running.log.complaints.length > 0, 'the log');
    end();
    expect(response.status).toBe(206);
    expect(running.log.complaints).toEqual(['a listener of onRangeResponse() threw: the registry is full']);
  });
});

describe('formatResponse', () => {
  const message = {
    method: 'GET',
    path: '/film.mp4',
    status: 200,
    disposition: 'full',
    ranges: [],
    bytesPlanned: undefined,
    bytesSent: 5,
    outcome: 'complete',
    durationMs: 1.25,
  } as unknown as RangedResponseMessage;

  it.each([
    ['an unknown length is a dash', {}, 'GET /film.mp4 200 complete 5/- 1.3ms'],
    [
      'the thrown value need not be an Error',
      { outcome: 'failed', error: 'gone' },
      'GET /film.mp4 200 failed 5/- 1.3ms gone',
    ],
    [
      'a client that left before the response was planned',
      { disposition: undefined, outcome: 'aborted' },
      'GET /film.mp4 200 aborted 5/- 1.3ms',
    ],
  ])('%s', (_, differing, line) => {
    expect(formatResponse({ ...message, ...differing } as RangedResponseMessage)).toBe(line);
  });
});
