import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { validate } from '@readme/openapi-parser';
import { bytesSource, Ranged, RANGE_ALLOWED_HEADERS, RangedFile, RangeModule } from 'nestjs-range';
import { ApiRanged, type ApiRangedOptions } from 'nestjs-range/swagger';
import { MODIFIED, MODIFIED_HEADER, pseudoRandomBytes } from '../../support/sources/fixtures.js';
import { fetchRaw, headersOf } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp, type TestApp } from '../../support/apps/test-app.js';

const clip = (): RangedFile =>
  new RangedFile(bytesSource(pseudoRandomBytes(1000), { type: 'video/mp4', etag: '"v1"', lastModified: MODIFIED }));

@Controller('films')
class FilmController {
  @Get(':name')
  @Ranged()
  @ApiRanged({ type: 'video/mp4', description: 'The film' })
  @ApiNotFoundResponse({ description: 'No such film' })
  film(@Param('name') _name: string): RangedFile {
    return clip();
  }

  @Get('stills/:name')
  @Ranged()
  @ApiRanged({ type: ['image/jpeg', 'image/png'] })
  still(@Param('name') _name: string): RangedFile {
    return clip();
  }

  @Get('books/first')
  @Ranged()
  @ApiRanged()
  book(): RangedFile {
    return clip();
  }
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

describe.each(ADAPTERS)('the OpenAPI document of an app on %s', (adapter) => {
  let running: TestApp;
  let document: OpenAPIObject;

  beforeAll(async () => {
    running = await startApp(
      adapter,
      { imports: [RangeModule], controllers: [FilmController] },
      {
        configure: (app) => {
          document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Media').build());
          SwaggerModule.setup('api', app, document, { ui: false });
        },
      },
    );
  });

  afterAll(() => running.close());

  /** As clients read it: what JSON leaves out is not there. */
  const served = async (): Promise<OpenAPIObject> =>
    JSON.parse((await fetchRaw(running.port, '/api-json')).body.toString());
  const operationOf = async (path: string): Promise<Operation> => (await served()).paths[path]!.get!;

  it.each(['3.0.0', '3.1.0'])('is valid by OpenAPI %s', async (openapi) => {
    const document = { ...(await served()), openapi };
    expect(await validate(document as unknown as Parameters<typeof validate>[0])).toEqual({
      valid: true,
      warnings: [],
      specification: 'OpenAPI',
    });
  });

  it('is not valid if it breaks the rules', async () => {
    const document = await served();
    delete (document.paths['/films/{name}']!.get!.responses['206'] as { description?: string }).description;
    expect(await validate(document as unknown as Parameters<typeof validate>[0])).toMatchObject({ valid: false });
  });

  it('has the statuses of a ranged route, besides those that the app documents', async () => {
    const { responses } = await operationOf('/films/{name}');
    expect(Object.keys(responses)).toEqual(['200', '206', '304', '404', '412', '416']);
    expect(responses['200']).toMatchObject({ description: 'The film' });
    expect(responses['404']).toMatchObject({ description: 'No such film' });
  });

  it('has every conditional header, optional, besides the parameters of the method', async () => {
    const { parameters = [] } = await operationOf('/films/{name}');
    const described = parameters as { name: string; in: string; required: boolean }[];
    expect(described.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(['name']);
    const headers = described.filter((parameter) => parameter.in === 'header');
    expect(headers.map(({ name }) => name).sort()).toEqual([...RANGE_ALLOWED_HEADERS].sort());
    expect(headers.filter(({ required }) => required)).toEqual([]);
  });

  it('has no example or default for request headers, which its page would send', async () => {
    const { parameters } = await operationOf('/films/{name}');
    expect(JSON.stringify(parameters)).not.toMatch(/"(?:examples?|default)":/);
  });

  it('shows content of unknown type as bytes, and otherwise each given type', async () => {
    const binary = { schema: { type: 'string', format: 'binary' } };
    expect((await operationOf('/films/books/first')).responses['200']).toMatchObject({
      content: { 'application/octet-stream': binary },
    });
    const { responses } = await operationOf('/films/stills/{name}');
    expect(responses['200']).toMatchObject({ content: { 'image/jpeg': binary, 'image/png': binary } });
    expect(responses['206']).toMatchObject({
      content: { 'image/jpeg': binary, 'image/png': binary, 'multipart/byteranges': binary },
    });
  });

  /** The fields of an answer that are about ranges and versions; the others are those of any answer. */
  const DOCUMENTED = ['accept-ranges', 'content-length', 'content-range', 'etag', 'last-modified'];

  it.each([
    ['a GET', [], 200],
    ['one range', [['Range', 'bytes=0-9']], 206],
    ['several ranges', [['Range', 'bytes=0-9,500-509']], 206],
    [
      'If-Range of another version',
      [
        ['Range', 'bytes=0-9'],
        ['If-Range', '"v0"'],
      ],
      200,
    ],
    ['If-None-Match', [['If-None-Match', '"v1"']], 304],
    ['If-Modified-Since', [['If-Modified-Since', MODIFIED_HEADER]], 304],
    ['If-Match of another version', [['If-Match', '"v0"']], 412],
    ['If-Unmodified-Since of the past', [['If-Unmodified-Since', 'Mon, 01 Jan 2001 00:00:00 GMT']], 412],
    ['a range behind the end', [['Range', 'bytes=1000-']], 416],
  ] as [string, [string, string][], number][])('describes the response to %s', async (_, requestHeaders, status) => {
    const answer = await fetchRaw(running.port, '/films/clip', requestHeaders);
    expect(answer.status).toBe(status);
    const { headers = {}, content } = (await operationOf('/films/{name}')).responses[status] as {
      headers?: Record<string, unknown>;
      content?: Record<string, unknown>;
    };
    const documented = Object.keys(headers).map((name) => name.toLowerCase());
    const sent = headersOf(answer);
    if (status < 300) {
      const inParts = sent['content-type']!.startsWith('multipart/') ? ['content-range'] : [];
      const told = DOCUMENTED.filter((name) => name in sent);
      expect([...told, ...inParts].sort()).toEqual(documented.sort());
      expect(Object.keys(content!)).toContain(sent['content-type']!.split(';')[0]);
    } else {
      expect(content).toBeUndefined();
      const told = ['content-range', 'etag', 'last-modified'].filter((name) => name in sent);
      expect(told.filter((name) => !documented.includes(name))).toEqual([]);
    }
    if (status === 416) expect(sent['content-range']).toBe('bytes */1000');
  });
});

// On Fastify its files are served by a library that Jest cannot load.
it('the page of the document, on Express, loads nothing from elsewhere', async () => {
  const running = await startApp(
    'express',
    { imports: [RangeModule], controllers: [FilmController] },
    {
      configure: (app) =>
        SwaggerModule.setup('api', app, SwaggerModule.createDocument(app, new DocumentBuilder().build())),
    },
  );
  const page = (await fetchRaw(running.port, '/api')).body.toString();
  const script = await fetchRaw(running.port, '/api/swagger-ui-bundle.js');
  await running.close();
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  expect(loaded.length).toBeGreaterThan(3);
  expect(loaded.filter((address) => /^(?:https?:)?\/\//.test(address))).toEqual([]);
  expect(script.status).toBe(200);
  expect(script.body.length).toBeGreaterThan(100_000);
});

describe('@ApiRanged() refuses', () => {
  it.each([
    [
      'an unknown option',
      { types: 'video/mp4' },
      'unknown option "types" (did you mean "type"?); known options are type, description',
    ],
    ['a type that is none', { type: 'mp4' }, 'option "type" must be a media type'],
    ['no type at all', { type: [] }, 'option "type" must be a media type'],
    ['a description that is no text', { description: 1 }, 'option "description" must be a string, not 1'],
  ])('%s', (_, options, message) => {
    expect(() => ApiRanged(options as ApiRangedOptions)).toThrow(TypeError);
    expect(() => ApiRanged(options as ApiRangedOptions)).toThrow(`@ApiRanged(): ${message}`);
  });
});
