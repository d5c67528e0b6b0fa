import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, UseFilters } from '@nestjs/common';
import {
  classifyResponse,
  formatResponse,
  onRangeResponse,
  Ranged,
  RangedFile,
  type RangedResponseMessage,
  RangeModule,
  SourceNotFoundError,
} from 'nestjs-range';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ByteCount } from '../../support/connections/byte-count.js';
import { RawConnection, requestText } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';
import { until } from '../../support/until.js';

/** How many failures have come to a filter that answers none before its client has left. */
let caught = new ByteCount();

@Catch()
class LateFilter implements ExceptionFilter {
  async catch(_: unknown, host: ArgumentsHost): Promise<void> {
    const response = host.switchToHttp().getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
    caught.add(1);
    await once(response.raw ?? response, 'close');
  }
}

const failing = (error: Error): RangedFile =>
  new RangedFile({
    resolve() {
      throw error;
    },
  });

@Controller()
@Ranged()
@UseFilters(LateFilter)
class Failing {
  @Get('broken')
  broken() {
    return failing(new Error('the disk is gone'));
  }

  @Get('missing')
  missing() {
    return failing(new SourceNotFoundError('no row has this id'));
  }
}

describe.each(ADAPTERS)('a failed source whose client leaves before a filter has responded, on %s', (adapter) => {
  const messages: RangedResponseMessage[] = [];
  let stop: () => void;
  beforeAll(() => {
    stop = onRangeResponse((message) => messages.push(message));
  });
  afterAll(() => stop());
  afterEach(() => void messages.splice(0));
  let running: TestApp;
  beforeAll(async () => {
    running = await startApp(adapter, { imports: [RangeModule], controllers: [Failing] });
  });
  afterAll(() => running.close());

  it.each(['/broken', '/missing'])('%s counts as failed, not as refused', async (target) => {
    caught = new ByteCount();
    const connection = await RawConnection.open(running.port);
    connection.send(requestText(target));
    await caught.reached(1);
    connection.reset();
    await until(() => messages.length > 0, 'a message');
    expect(messages.map(classifyResponse)).toEqual(['failed']);
    expect(messages).toMatchObject([{ disposition: 'error', outcome: 'failed', bytesSent: 0 }]);
    expect(formatResponse(messages[0]!)).toContain(` failed 0/0 `);
  });
});
