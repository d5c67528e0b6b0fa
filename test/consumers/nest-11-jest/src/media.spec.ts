import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RangeModule, RangeParser } from 'nestjs-range';
import { checkAnswers } from './check-answers';
import { checkSubpaths } from './check-subpaths';
import { MediaController } from './media.controller';

describe.each([
  { name: 'every route', imports: [RangeModule.forRoot({ appInterceptor: true })], appInterceptor: true },
  { name: 'decorated routes', imports: [RangeModule], appInterceptor: false },
])('RangeModule in a classic Jest suite: $name', ({ imports, appInterceptor }) => {
  let app: INestApplication;

  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports, controllers: [MediaController] }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  it('provides the parser', () => {
    expect(app.get(RangeParser)).toBeInstanceOf(RangeParser);
  });

  it('answers ranges, validators and several parts', async () => {
    await checkAnswers(await app.getUrl(), appInterceptor);
  });

  it('has entry points for stores and for tests', async () => {
    await checkSubpaths(await app.getUrl(), {});
  }, 60_000);
});
