import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  Req,
  Res,
  Scope,
} from '@nestjs/common';
import { APP_INTERCEPTOR, type ContextId, ContextIdFactory, type HostComponentInfo, REQUEST } from '@nestjs/core';
import {
  bytesSource,
  Ranged,
  RangedFile,
  RangeInterceptor,
  RangeModule,
  RangeParser,
  RangeResponder,
  type RangeSet,
} from 'nestjs-range';
import { ADAPTERS, startApp, type StartOptions, type TestApp } from '../../support/apps/test-app.js';
import { fetchRaw, header } from '../../support/connections/raw-client.js';
import { range } from '../responses/rows/outcome.js';

interface Asked {
  readonly url: string;
}

let made = 0;
/** The requests that parsers were made for; `undefined`: for none. */
let parsedFor: (string | undefined)[] = [];

class Counting extends RangeParser {
  constructor(private readonly asked?: Asked) {
    super();
    made++;
  }

  override parse(text: string): RangeSet | undefined {
    parsedFor.push(this.asked?.url);
    return super.parse(text);
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest extends Counting {
  constructor(@Inject(REQUEST) asked: Asked) {
    super(asked);
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class PerTenant extends Counting {}

/** What parsers of a tenant, and of its requests, got as REQUEST. */
let seen: unknown[] = [];

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {
  constructor(@Inject(REQUEST) readonly payload: unknown) {}
}

@Global()
@Module({ providers: [Tenant], exports: [Tenant] })
class Tenants {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class OfTenant extends RangeParser {
  constructor(@Inject(REQUEST) payload: unknown) {
    super();
    seen.push(payload);
  }
}

@Injectable()
class OverTenant extends RangeParser {
  constructor(@Inject(Tenant) { payload }: Tenant) {
    super();
    seen.push(payload);
  }
}

@Injectable({ scope: Scope.REQUEST })
class OfRequest extends RangeParser {
  constructor(@Inject(REQUEST) { url, tenant }: Asked & { readonly tenant?: string }) {
    super();
    seen.push({ url, tenant });
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class PerUse extends Counting {}

@Injectable()
class Shared extends Counting {}

const file = (): RangedFile => new RangedFile(bytesSource(Buffer.from('0123456789'), { etag: '"v1"' }));

@Controller()
class Files {
  constructor(@Inject(RangeResponder) private readonly responder: RangeResponder) {}

  @Get('marked')
  @Ranged()
  marked() {
    return file();
  }

  @Get('plain')
  plain() {
    return file();
  }

  @Get('held')
  held(@Req() request: unknown, @Res() response: unknown) {
    return this.responder.send(request, response, file());
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedFiles {
  constructor(@Inject(REQUEST) readonly asked: Asked) {}

  @Get()
  @Ranged()
  get() {
    return file();
  }
}

type Way = readonly [name: string, path: string, app: (parser: new () => RangeParser) => ModuleMetadata, StartOptions?];

const WAYS: readonly Way[] = [
  ['on a route', '/marked', (parser) => ({ imports: [RangeModule.forRoot({ parser })] })],
  ['on a controller of its request', '/scoped', (parser) => ({ imports: [RangeModule.forRoot({ parser })] })],
  ['by RangeResponder.send()', '/held', (parser) => ({ imports: [RangeModule.forRoot({ parser })] })],
  ['by appInterceptor', '/plain', (parser) => ({ imports: [RangeModule.forRoot({ parser, appInterceptor: true })] })],
  [
    'by APP_INTERCEPTOR',
    '/plain',
    (parser) => ({
      imports: [RangeModule.forRoot({ parser })],
      providers: [{ provide: APP_INTERCEPTOR, useExisting: RangeInterceptor }],
    }),
  ],
  [
    'by useGlobalInterceptors()',
    '/plain',
    (parser) => ({ imports: [RangeModule.forRoot({ parser })] }),
    { configure: (app) => app.useGlobalInterceptors(app.get(RangeInterceptor)) },
  ],
];

describe.each(ADAPTERS)('a parser of one request, on %s', (adapter) => {
  let running: TestApp;
  beforeEach(() => {
    made = 0;
    parsedFor = [];
    seen = [];
  });
  afterEach(() => running.close());

  async function ask(path: string): Promise<void> {
    const response = await fetchRaw(running.port, path, range('bytes=1-3'));
    expect([response.status, header(response, 'Content-Range'), response.body.toString()]).toEqual([
      206,
      'bytes 1-3/10',
      '123',
    ]);
  }

  const start = async ([, , app, options]: Way, parser: new (...args: never[]) => RangeParser): Promise<void> => {
    const { imports = [], ...metadata } = app(parser as new () => RangeParser);
    const controllers = [Files, ScopedFiles];
    running = await startApp(adapter, { ...metadata, imports: [...imports, Tenants], controllers }, options);
  };

  describe.each(WAYS)('%s', (...way) => {
    const path = way[1];

    it('is made for each request, and knows it', async () => {
      await start(way, PerRequest);
      await ask(`${path}?1`);
      await ask(`${path}?2`);
      expect(parsedFor).toEqual([`${path}?1`, `${path}?2`]);
      expect(made).toBe(2);
    });

    it('leaves one RangeResponder for all of them', async () => {
      await start(way, PerRequest);
      expect(running.app.get(RangeResponder)).toBeInstanceOf(RangeResponder);
    });

    it('may be transient, or shared by all requests', async () => {
      await start(way, PerUse);
      await ask(path);
      await running.close();
      made = 0;
      await start(way, Shared);
      await ask(path);
      await ask(path);
      expect(made).toBe(1);
    });
  });

  it('that is durable is made once for each tenant', async () => {
    const tenants = new Map<string, ContextId>();
    ContextIdFactory.apply({
      attach(contextId: ContextId, request: Asked) {
        const tenant = request.url.split('?')[1] ?? '';
        const tenantId = tenants.get(tenant) ?? ContextIdFactory.create();
        tenants.set(tenant, tenantId);
        return ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? tenantId : contextId);
      },
    });
    try {
      await start(WAYS[0]!, PerTenant);
      for (const tenant of ['a', 'b', 'a', 'b', 'a']) await ask(`/marked?${tenant}`);
      expect(made).toBe(2);
    } finally {
      ContextIdFactory.apply(undefined as never);
    }
  });

  describe('and of a tenant, whom the strategy names in its payload,', () => {
    beforeEach(() => {
      const tenants = new Map<string, ContextId>();
      ContextIdFactory.apply({
        attach(contextId: ContextId, request: Asked) {
          const tenant = request.url.split('?')[1] ?? '';
          const tenantId = tenants.get(tenant) ?? ContextIdFactory.create();
          tenants.set(tenant, tenantId);
          return {
            resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? tenantId : contextId),
            payload: { tenant },
          };
        },
      });
    });
    afterEach(() => ContextIdFactory.apply(undefined as never));

    const PARSERS = [
      ['a durable parser', OfTenant],
      ['a parser that injects something durable', OverTenant],
    ] as const;
    describe.each(PARSERS)('%s', (_name, parser) => {
      it.each(WAYS)('is made for the payload, %s', async (...way) => {
        const path = way[1];
        await start(way, parser);
        for (const tenant of ['a', 'b', 'a']) await ask(`${path}?${tenant}`);
        expect(seen).toEqual([{ tenant: 'a' }, { tenant: 'b' }]);
      });
    });

    it.each(WAYS)('a parser of one request gets the request with the payload on it, %s', async (...way) => {
      const path = way[1];
      await start(way, OfRequest);
      for (const tenant of ['a', 'b']) await ask(`${path}?${tenant}`);
      expect(seen).toEqual([
        { url: `${path}?a`, tenant: 'a' },
        { url: `${path}?b`, tenant: 'b' },
      ]);
    });
  });

  it('that cannot be made is the error of the request alone', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Broken extends RangeParser {
      constructor() {
        super();
        throw new Error('broken');
      }
    }
    await start(WAYS[0]!, Broken);
    expect((await fetchRaw(running.port, '/marked', range('bytes=1-3'))).status).toBe(500);
  });
});
