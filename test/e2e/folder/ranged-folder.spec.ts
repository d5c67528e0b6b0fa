import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  type ModuleMetadata,
  Param,
  Post,
  Scope,
  SetMetadata,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Ranged, RangedFolderModule, RangeModule } from 'nestjs-range';
import type { IncomingMessage } from 'node:http';
import { mkdirSync } from 'node:fs';
import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { ADAPTERS, startApp, type StartOptions, type TestApp } from '../../support/apps/test-app.js';
import { BR } from '../../support/connections/codings.js';
import { fetchRaw, header, type RawResponse } from '../../support/connections/raw-client.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';
import { untilClosed } from '../../support/sources/until-closed.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const root = fixtures.at('public');
for (const name of ['public/docs', 'public/empty', 'public/.well-known', 'other', 'public/api']) {
  mkdirSync(fixtures.at(name), { recursive: true });
}
const SCRIPT = Buffer.from('let it be served; '.repeat(2000));
fixtures.write('public/app.js', SCRIPT);
fixtures.write('public/app.js.br', BR.encode(SCRIPT));
fixtures.write('public/app.0a1b2c3d.js', SCRIPT);
fixtures.write('public/index.html', 'the page');
fixtures.write('public/about.html', 'about it');
fixtures.write('public/docs/index.html', 'the docs');
fixtures.write('public/.env', 'secret');
fixtures.write('public/api/file', 'a file');
fixtures.write('public/users', 'a file that a route hides');
fixtures.write('other/index.html', 'the other page');
fixtures.write('other/only.txt', 'only there');
fixtures.write('secret.txt', 'secret');

const NAVIGATION = ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'] as const;

@Controller()
class ApiController {
  @Get('users')
  users(): string {
    return 'the users';
  }

  @Get('users/:id/posts')
  posts(@Param('id') id: string): string {
    return `the posts of ${id}`;
  }

  @Post('upload')
  upload(): string {
    return 'uploaded';
  }
}

@Module({ controllers: [ApiController] })
class ApiModule {}

describe.each(ADAPTERS)('RangedFolderModule on %s', (adapter) => {
  const apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await fileHandles.closeIdle();
    await untilClosed(fixtures);
  });

  async function start(imports: ModuleMetadata['imports'], others: ModuleMetadata = {}, options: StartOptions = {}) {
    const running = await startApp(adapter, { imports: [RangeModule, ...(imports ?? [])], ...others }, options);
    apps.push(running);
    const get = (path: string, lines: readonly (readonly [string, string])[] = [], method = 'GET') =>
      fetchRaw(running.port, path, lines, method);
    const textOf = async (path: string, lines?: readonly (readonly [string, string])[]): Promise<string> => {
      const { status, body } = await get(path, lines);
      return status === 200 ? body.toString() : String(status);
    };
    return { ...running, get, textOf };
  }

  it.each<[string, string, string]>([
    ['/', '/app.js', SCRIPT.toString()],
    ['/', '/', 'the page'],
    ['/', '/?query', 'the page'],
    ['/', '/docs/', 'the docs'],
    ['/', '/docs/index.html', 'the docs'],
    ['/', '/missing.js', '404'],
    ['/', '/missing', '404'],
    ['/', '/empty', '404'],
    ['/', '/empty/', '404'],
    ['/', '/.env', '404'],
    ['/', '/..%2fsecret.txt', '404'],
    ['/', '//index.html', '404'],
    ['/', '/about', '404'],
    ['/assets', '/assets/app.js', SCRIPT.toString()],
    ['/assets/', '/assets/app.js', SCRIPT.toString()],
    ['/assets', '/assets/', 'the page'],
    ['/assets', '/assets/docs/', 'the docs'],
    ['/assets', '/assets/missing', '404'],
    ['/assets', '/app.js', '404'],
    ['/assets', '/assetsapp.js', '404'],
    ['/a/b', '/a/b/docs/', 'the docs'],
  ])('at %s, %s is %#', async (path, url, text) => {
    const { textOf, log } = await start([RangedFolderModule.forRoot({ path, root })]);
    expect(await textOf(url)).toBe(text);
    expect(log.complaints).toEqual([]);
  });

  it('answers HEAD, ranges, conditions and codings, as a folder source does', async () => {
    const { get } = await start([
      RangedFolderModule.forRoot({ path: '/assets', root, immutable: /\.[0-9a-f]{8}\./, maxAge: 5 }),
    ]);
    const head = await get('/assets/app.js', [], 'HEAD');
    expect([head.status, header(head, 'Content-Length'), head.body.length]).toEqual([200, String(SCRIPT.length), 0]);
    const part = await get('/assets/app.js', [['Range', 'bytes=-10']]);
    expect([part.status, part.body.toString()]).toEqual([206, SCRIPT.subarray(-10).toString()]);
    expect((await get('/assets/app.js', [['If-None-Match', header(head, 'ETag') ?? '']])).status).toBe(304);
    expect((await get('/assets/app.js', [['Range', 'bytes=999999-']])).status).toBe(416);
    expect(header(head, 'Cache-Control')).toBe('max-age=5, no-transform');
    expect(header(await get('/assets/app.0a1b2c3d.js'), 'Cache-Control')).toContain('immutable');
    const coded = await get('/assets/app.js', [['Accept-Encoding', 'br']]);
    expect(header(coded, 'Content-Encoding')).toBe('br');
    expect(BR.decode(coded.body).equals(SCRIPT)).toBe(true);
  });

  describe('a directory without its slash', () => {
    it.each([
      ['/', '/docs', './docs/'],
      ['/', '/docs?a=b?c', './docs/?a=b?c'],
      ['/assets', '/assets', './assets/'],
      ['/assets', '/assets?a', './assets/?a'],
      ['/assets', '/assets/docs', './docs/'],
    ])('at %s, %s leads to %s', async (path, url, location) => {
      const { get, port } = await start([RangedFolderModule.forRoot({ path, root, fallback: 'index.html' })]);
      const response = await get(url, [NAVIGATION]);
      expect([response.status, header(response, 'Location')]).toEqual([307, location]);
      expect(header(response, 'Cache-Control')).toBe('no-cache');
      expect((await fetch(new URL(location, `http://127.0.0.1:${port}${url}`))).status).toBe(200);
    });

    it.each(['//docs', '//evil.example', '/%2fdocs', '/docs%2f', '/docs%2f..', '/empty'])(
      '%s leads nowhere',
      async (url) => {
        const { get } = await start([RangedFolderModule.forRoot({ root })]);
        expect((await get(url)).status).toBe(404);
      },
    );

    it('is a 404 if configured', async () => {
      const { textOf } = await start([RangedFolderModule.forRoot({ path: '/assets', root, redirect: false })]);
      expect([await textOf('/assets'), await textOf('/assets/docs')]).toEqual(['404', '404']);
      const { textOf: none } = await start([RangedFolderModule.forRoot({ path: '/assets', root, index: false })]);
      expect(
        await Promise.all(['/assets', '/assets/', '/assets/docs', '/assets/docs/'].map((url) => none(url))),
      ).toEqual(['404', '404', '404', '404']);
    });
  });

  describe('the fallback of a single-page app', () => {
    const options = { path: '/app', root, fallback: 'index.html' };

    it.each([
      ['/app/profile', 'the page'],
      ['/app/users/7', 'the page'],
      ['/app/users/7/', 'the page'],
      ['/app/users/7?tab=1', 'the page'],
      ['/app/docs/', 'the docs'],
      ['/app/missing.js', '404'],
      ['/app/users/j.doe', '404'],
      ['/app/.well-known/assetlinks', '404'],
      ['/app/users//7', '404'],
      ['/app/..%2fsecret', '404'],
    ])('%s, opened in a browser, is %s', async (url, text) => {
      const { textOf } = await start([RangedFolderModule.forRoot(options)]);
      expect(await textOf(url, [NAVIGATION])).toBe(text);
    });

    it.each([
      [undefined, 404],
      ['*/*', 404],
      ['application/json, text/plain, */*', 404],
      ['text/*', 404],
      ['text/html;q=0, */*', 404],
      ['text/html;q=0.1', 200],
      ['application/json, TEXT/HTML ; level=1', 200],
    ])('to a request with Accept %s: %i', async (accept, status) => {
      const { get } = await start([RangedFolderModule.forRoot(options)]);
      const response = await get('/app/profile', accept === undefined ? [] : [['Accept', accept]]);
      expect(response.status).toBe(status);
      if (status === 200) expect(header(response, 'Vary')).toBe('Accept-Encoding, Accept');
    });

    it('may have another name', async () => {
      const fallback = (name: string) => (name.startsWith('api/') ? undefined : 'docs/index.html');
      const { textOf } = await start([RangedFolderModule.forRoot({ root, fallback })]);
      expect([await textOf('/api/x', [NAVIGATION]), await textOf('/x', [NAVIGATION])]).toEqual(['404', 'the docs']);
    });

    it('is a 404 if it does not exist', async () => {
      const { textOf } = await start([RangedFolderModule.forRoot({ ...options, fallback: 'none.html' })]);
      expect(await textOf('/app/profile', [NAVIGATION])).toBe('404');
    });
  });

  it('takes the options of @Ranged() by its decorator', async () => {
    const decorators = [Ranged({ crossOriginResourcePolicy: 'cross-origin', acceptRanges: false })];
    const { get } = await start([RangedFolderModule.forRoot({ root, decorators })]);
    const response = await get('/app.js', [['Range', 'bytes=0-0']]);
    expect([response.status, header(response, 'Accept-Ranges')]).toEqual([200, 'none']);
    expect(header(response, 'Cross-Origin-Resource-Policy')).toBe('cross-origin');
  });

  it.each<[string, object, string | undefined]>([
    ['no Cache-Control of the folder', { headers: () => ({ 'Cache-Control': '' }) }, 'no-transform'],
    ['one for all', { immutable: /./ }, 'public, max-age=31536000, immutable, no-transform'],
    ['one of the route', { decorators: [Ranged({ cacheControl: 'private' })] }, 'private, no-transform'],
  ])('%s', async (_, options, cacheControl) => {
    const { get } = await start([RangedFolderModule.forRoot({ root, ...options })]);
    expect(header(await get('/app.js'), 'Cache-Control')).toBe(cacheControl);
  });

  it('tries endings, and a file comes first', async () => {
    const { textOf, get } = await start([RangedFolderModule.forRoot({ root, extensions: ['htm', 'html'] })]);
    expect([await textOf('/about'), await textOf('/users')]).toEqual(['about it', 'a file that a route hides']);
    expect(header(await get('/about'), 'Content-Type')).toBe('text/html; charset=utf-8');
    expect(await textOf('/about/')).toBe('404');
  });

  it('adds headers by name', async () => {
    const headers = (name: string): Record<string, string> => ({
      'X-Name': name,
      ...(name.endsWith('.html') && { 'Cache-Control': 'no-store' }),
    });
    const { get } = await start([RangedFolderModule.forRoot({ root, headers, fallback: 'index.html' })]);
    const named = async (url: string) => {
      const response = await get(url, [NAVIGATION]);
      return [header(response, 'X-Name'), header(response, 'Cache-Control')];
    };
    expect(await named('/docs/')).toEqual(['docs/index.html', 'no-store, no-transform']);
    expect(await named('/app.js')).toEqual(['app.js', 'max-age=60, no-transform']);
    expect(await named('/profile')).toEqual(['index.html', 'no-store, no-transform']);
  });

  it('fails as a handler does if headers() throws, and leaves nothing open', async () => {
    const headers = () => {
      throw new HttpException('no', 418);
    };
    const { get } = await start([RangedFolderModule.forRoot({ root, headers })]);
    expect((await get('/app.js')).status).toBe(418);
  });

  describe.each(['before', 'after'])('at the root, imported %s the module of the API', (place) => {
    const folder = () => RangedFolderModule.forRoot({ root, fallback: 'index.html' });
    const imports = () => (place === 'before' ? [folder(), ApiModule] : [ApiModule, folder()]);

    it.each([
      ['GET', '/users', 200, 'the users'],
      ['GET', '/users/7/posts', 200, 'the posts of 7'],
      ['POST', '/upload', 201, 'uploaded'],
      ['GET', '/users/7', 200, 'the page'],
      ['GET', '/upload', 200, 'the page'],
      ['GET', '/', 200, 'the page'],
      ['POST', '/app.js', 404, undefined],
    ])('%s %s is %i, %s', async (method, url, status, text) => {
      const { get } = await start(imports());
      const response = await get(url, [NAVIGATION], method);
      expect(response.status).toBe(status);
      if (text !== undefined) expect(response.body.toString()).toBe(text);
    });
  });

  it('the root of the app may be a route of its own', async () => {
    @Controller()
    class HomeController {
      @Get()
      home(): string {
        return 'at home';
      }
    }
    const { textOf } = await start([RangedFolderModule.forRoot({ root })], { controllers: [HomeController] });
    expect([await textOf('/'), await textOf('/docs/')]).toEqual(['at home', 'the docs']);
  });

  it.each(['outer first', 'inner first'])('several folders, one within the other: %s', async (order) => {
    const outer = RangedFolderModule.forRoot({ root, fallback: 'index.html' });
    const inner = RangedFolderModule.forRoot({ path: '/other', root: fixtures.at('other') });
    const { textOf } = await start(order === 'outer first' ? [outer, inner] : [inner, outer]);
    expect(await textOf('/other/')).toBe('the other page');
    expect(await textOf('/other/only.txt')).toBe('only there');
    expect(await textOf('/other/app.js')).toBe('404');
    expect(await textOf('/app.js')).toBe(SCRIPT.toString());
    expect(await textOf('/only.txt')).toBe('404');
  });

  if (adapter === 'express') {
    it('fallthrough: what one folder lacks may be in another, or in a route after it', async () => {
      const { textOf, app } = await start([
        RangedFolderModule.forRoot({ root, fallthrough: true }),
        RangedFolderModule.forRoot({ root: fixtures.at('other'), fallthrough: true }),
      ]);
      expect(await textOf('/only.txt')).toBe('only there');
      expect(await textOf('/')).toBe('the page');
      expect(await textOf('/neither')).toBe('404');
      expect(app.getHttpAdapter().getType()).toBe('express');
    });
  }

  describe('behind a global prefix', () => {
    const configure: StartOptions = { configure: (app) => app.setGlobalPrefix('api') };

    it.each(['/', '/assets'])('at %s, a folder is outside the prefix, and the API inside', async (path) => {
      const { textOf } = await start([RangedFolderModule.forRoot({ path, root }), ApiModule], {}, configure);
      const at = path === '/' ? '' : path;
      expect(await textOf(`${at}/app.js`)).toBe(SCRIPT.toString());
      expect(await textOf(`${at}/`)).toBe('the page');
      expect(await textOf(`${at}/missing.js`)).toBe('404');
      expect(await textOf('/api/users')).toBe('the users');
      expect(await textOf('/api/assets/app.js')).toBe('404');
    });

    it.each(['/', '/assets'])('at %s, a folder is inside the prefix if configured', async (path) => {
      const folder = RangedFolderModule.forRoot({ path, root, useGlobalPrefix: true });
      const { textOf } = await start([folder, ApiModule], {}, configure);
      const at = path === '/' ? '' : path;
      expect(await textOf(`/api${at}/app.js`)).toBe(SCRIPT.toString());
      expect(await textOf('/api/users')).toBe('the users');
      expect(await textOf(`${at}/app.js`)).toBe('404');
    });

    it('two folders with one path are both inside the prefix, or neither is', async () => {
      const other = fixtures.at('other');
      const imports = [
        RangedFolderModule.forRoot({ root }),
        RangedFolderModule.forRoot({ root: other, useGlobalPrefix: true }),
      ];
      await expect(start(imports, {}, configure)).rejects.toThrow(
        'option "useGlobalPrefix" must be the same for both folders with the path "/": write the prefix, "api", into',
      );
      const { textOf } = await start(
        [RangedFolderModule.forRoot({ root }), RangedFolderModule.forRoot({ path: '/api', root: other })],
        {},
        configure,
      );
      expect([await textOf('/api/only.txt'), await textOf('/only.txt')]).toEqual(['only there', '404']);
    });

    it('what the app excludes from the prefix stays where it is', async () => {
      const { textOf } = await start(
        [RangedFolderModule.forRoot({ root }), ApiModule],
        {},
        { configure: (app) => app.setGlobalPrefix('api', { exclude: ['users'] }) },
      );
      expect([await textOf('/users'), await textOf('/api/users/7/posts')]).toEqual(['the users', 'the posts of 7']);
      expect(await textOf('/app.js')).toBe(SCRIPT.toString());
    });
  });

  describe('with versions', () => {
    const versions = (type: VersioningType.URI | VersioningType.HEADER): StartOptions => ({
      configure: (app) =>
        app.enableVersioning(
          type === VersioningType.URI
            ? { type, defaultVersion: '2' }
            : { type, header: 'X-Version', defaultVersion: '2' },
        ),
    });

    it('has no version by default', async () => {
      const folder = () => RangedFolderModule.forRoot({ path: '/assets', root });
      const { textOf } = await start([folder()], {}, versions(VersioningType.URI));
      expect([await textOf('/assets/docs/'), await textOf('/v2/assets/docs/')]).toEqual(['the docs', '404']);
      const { textOf: byHeader } = await start([folder()], {}, versions(VersioningType.HEADER));
      expect(await byHeader('/assets/docs/')).toBe('the docs');
    });

    it('has a version by option', async () => {
      const folder = () => RangedFolderModule.forRoot({ path: '/assets', root, version: '1' });
      const { textOf } = await start([folder()], {}, versions(VersioningType.URI));
      expect([await textOf('/v1/assets/docs/'), await textOf('/assets/docs/')]).toEqual(['the docs', '404']);
      const { textOf: byHeader } = await start([folder()], {}, versions(VersioningType.HEADER));
      expect(await byHeader('/assets/docs/', [['X-Version', '1']])).toBe('the docs');
      expect(await byHeader('/assets/docs/', [['X-Version', '2']])).toBe('404');
    });

    it('has a version below a prefix', async () => {
      const prefixed: StartOptions = {
        configure: (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
      };
      const options = { path: '/assets', root, version: '1' };
      const { textOf } = await start([RangedFolderModule.forRoot(options)], {}, prefixed);
      expect([await textOf('/v1/assets/docs/'), await textOf('/api/v1/assets/docs/')]).toEqual(['the docs', '404']);
      const within = await start([RangedFolderModule.forRoot({ ...options, useGlobalPrefix: true })], {}, prefixed);
      expect(await within.textOf('/api/v1/assets/docs/')).toBe('the docs');
    });
  });

  describe('guards', () => {
    const cookie = ['Cookie', 'session=open'] as const;

    @Injectable()
    class Sessions {
      isOpen(value: string | undefined): boolean {
        return value === 'session=open';
      }
    }

    @Module({ providers: [Sessions], exports: [Sessions] })
    class SessionsModule {}

    @Injectable()
    class SessionGuard implements CanActivate {
      constructor(private readonly sessions: Sessions) {}

      canActivate(context: ExecutionContext): boolean {
        return this.sessions.isOpen(context.switchToHttp().getRequest<IncomingMessage>().headers.cookie);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Sessions], SessionGuard);

    it('of the folder refuse files, and missing files', async () => {
      const options = { path: '/assets', root, guards: [SessionGuard], imports: [SessionsModule] };
      const { get } = await start([RangedFolderModule.forRoot(options), RangedFolderModule.forRoot({ root })]);
      for (const [url, status] of [
        ['/assets/docs/', 200],
        ['/assets/missing', 404],
      ] as const) {
        // prettier-ignore
        expect((await get(url)).status).toBe(403);
        expect((await get(url, [['Range', 'bytes=0-1']])).status).toBe(403);
        expect((await get(url, [cookie])).status).toBe(status);
      }
      expect((await get('/docs/')).status).toBe(200);
    });

    it('that answer 404 count, also with fallthrough', async () => {
      const guard: CanActivate = {
        canActivate: () => {
          throw new NotFoundException('hidden');
        },
      };
      const { get } = await start([RangedFolderModule.forRoot({ root, guards: [guard], fallthrough: true })]);
      const response = await get('/app.js');
      expect([response.status, response.body.toString()]).toEqual([404, expect.stringContaining('hidden')]);
    });

    it.each([Scope.DEFAULT, Scope.REQUEST])(
      'of the app (scope %i) apply, unless a decorator opens the folder',
      async (scope) => {
        const Public = () => SetMetadata('isPublic', true);

        @Injectable({ scope })
        class AppGuard implements CanActivate {
          canActivate(context: ExecutionContext): boolean {
            return new Reflector().getAllAndOverride('isPublic', [context.getHandler(), context.getClass()]) === true;
          }
        }
        const { get } = await start(
          [
            RangedFolderModule.forRoot({ root }),
            RangedFolderModule.forRoot({ path: '/public', root, decorators: [Public()] }),
          ],
          { providers: [{ provide: APP_GUARD, useClass: AppGuard }] },
        );
        expect([(await get('/app.js')).status, (await get('/public/app.js')).status]).toEqual([403, 200]);
      },
    );
  });

  it.each([false, true])("a 404 goes through the app's filters (fallthrough %s)", async (fallthrough) => {
    @Catch(HttpException)
    class TeapotFilter implements ExceptionFilter {
      catch(exception: HttpException, host: ArgumentsHost): void {
        adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: exception.getStatus() }, 418);
      }
    }
    const { get, app } = await start([RangedFolderModule.forRoot({ path: '/assets', root, fallthrough })], {
      providers: [{ provide: APP_FILTER, useClass: TeapotFilter }],
    });
    const adapterHost = app.get(HttpAdapterHost);
    const response = await get('/assets/missing');
    expect([response.status, response.body.toString()]).toEqual([418, '{"caught":404}']);
    expect((await get('/assets/app.js', [['Range', 'bytes=999999-']])).body.toString()).toBe('{"caught":416}');
  });

  describe('forRootAsync', () => {
    it('takes a factory', async () => {
      const folder = RangedFolderModule.forRootAsync({
        path: '/assets',
        inject: ['ROOT'],
        imports: [{ module: class {}, providers: [{ provide: 'ROOT', useValue: root }], exports: ['ROOT'] }],
        useFactory: async (given: string) => ({ root: given, maxAge: 7 }),
      });
      const { get } = await start([folder]);
      const response = await get('/assets/docs/');
      expect([response.body.toString(), header(response, 'Cache-Control')]).toEqual([
        'the docs',
        'max-age=7, no-transform',
      ]);
    });

    it('takes a class', async () => {
      class FolderOptions {
        create() {
          return { root, fallback: 'index.html' };
        }
      }
      const { textOf } = await start([RangedFolderModule.forRootAsync({ useClass: FolderOptions }), ApiModule]);
      expect([await textOf('/x', [NAVIGATION]), await textOf('/users')]).toEqual(['the page', 'the users']);
    });

    it.each<[string, object, RegExp]>([
      ['path within', { root: '.', path: '/x' }, /pass "path" beside useFactory/],
      ['no root', {}, /option "root" must be the path of a directory, not undefined/],
      ['unknown', { root: '.', indx: 'a' }, /unknown option "indx" \(did you mean "index"\?\)/],
    ])('refuses what a factory returns: %s', async (_, options, message) => {
      const folder = RangedFolderModule.forRootAsync({ useFactory: () => options as { root: string } });
      await expect(start([folder])).rejects.toThrow(message);
    });
  });

  it('a missing root is warned of once', async () => {
    const { get, log } = await start([
      RangedFolderModule.forRoot({ root: fixtures.at('none'), fallback: 'index.html' }),
    ]);
    expect([(await get('/', [NAVIGATION])).status, (await get('/x', [NAVIGATION])).status]).toEqual([404, 404]);
    expect(log.complaints).toEqual([expect.stringMatching(/the root .*none does not exist/)]);
  });

  it.each(['/', '/assets'])('at %s, conflicts with no route of the app in the eyes of Nest 12', async (path) => {
    // At the root every other route counts as one that shadows, as beside any wildcard.
    const routeConflictPolicy = { duplicate: 'error', shadow: path === '/' ? 'off' : 'error' } as const;
    const folder = RangedFolderModule.forRoot({ path, root });
    const { textOf } = await start([folder, ApiModule], {}, { nest: { routeConflictPolicy } });
    expect(await textOf('/users')).toBe('the users');
    expect(await textOf(path === '/' ? '/docs/' : '/assets/docs/')).toBe('the docs');
  });

  it('without forRoot the app does not start, and says why', async () => {
    await expect(start([RangedFolderModule])).rejects.toThrow('import RangedFolderModule.forRoot({ root })');
  });

  it('OpenAPI does not list it', async () => {
    const { app } = await start([RangedFolderModule.forRoot({ root }), ApiModule]);
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(paths).sort()).toEqual(['/upload', '/users', '/users/{id}/posts']);
  });

  it('an app without RangeModule does not start, and says why', async () => {
    const imports = [RangedFolderModule.forRoot({ root })];
    await expect(startApp(adapter, { imports })).rejects.toThrow(/needs RangeModule.*\n.*RangedFolderController/);
  });

  it('leaves nothing open when the app is closed', async () => {
    const { get, close } = await start([RangedFolderModule.forRoot({ root })]);
    const responses: RawResponse[] = await Promise.all(
      ['/app.js', '/docs', '/missing', '/docs/'].map((url) => get(url)),
    );
    expect(responses.map(({ status }) => status)).toEqual([200, 307, 404, 200]);
    apps.splice(0);
    await close();
  });
});

describe('the options of RangedFolderModule', () => {
  it.each<[object, RegExp]>([
    [{ root: '.', path: 'assets' }, /RangedFolderModule: option "path" must be a path such as '\/assets', without/],
    [{ root: '.', path: '/:tenant' }, /option "path"/],
    [{ root: '.', path: '/a/*' }, /option "path"/],
    [{ root: '.', path: '/a//b' }, /option "path"/],
    [{ root: 7 }, /option "root" must be the path of a directory, not 7/],
    [{ root: '.', guards: () => true }, /option "guards" must be an array of guards/],
    [{ root: '.', decorators: [undefined] }, /option "decorators" must be an array of class decorators/],
    [{ root: '.', extensions: ['.html'] }, /option "extensions" must be an array of endings such as 'html'/],
    [{ root: '.', fallback: true }, /option "fallback" must be a file's name or a function, not true/],
    [{ root: '.', redirect: 1 }, /option "redirect"/],
    [{ root: '.', headers: {} }, /option "headers" must be a function/],
    [{ root: '.', useGlobalPrefix: 'yes' }, /option "useGlobalPrefix"/],
    [{ root: '.', version: 1 }, /option "version"/],
    [{ root: '.', maxAge: -1 }, /option "maxAge"/],
    [{ root: '.', serveRoot: '/x' }, /unknown option "serveRoot"; known options are root, index, .*path, guards/],
  ])('%j is refused at once', (options, message) => {
    expect(() => RangedFolderModule.forRoot(options as { root: string })).toThrow(message);
  });

  it('beside a factory too', () => {
    const options = { useFactory: () => ({ root: '.' }), paht: '/x' };
    expect(() => RangedFolderModule.forRootAsync(options)).toThrow(/unknown option "paht" \(did you mean "path"\?\)/);
  });
});
