import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { RangeModule, RangeParser } from 'nestjs-range';
import { checkAnswers } from './check-answers.js';
import { checkSubpaths } from './check-subpaths.js';
import { MediaController } from './media.controller.js';

it('works in a Jest suite of ES modules', async () => {
  const testing = await Test.createTestingModule({ imports: [RangeModule], controllers: [MediaController] }).compile();
  const app = testing.createNestApplication();
  await app.listen(0, '127.0.0.1');
  try {
    expect(app.get(RangeParser)).toBeInstanceOf(RangeParser);
    await checkAnswers(await app.getUrl(), false);
    await checkSubpaths(await app.getUrl(), { swagger: true });
  } finally {
    await app.close();
  }
}, 60_000);
