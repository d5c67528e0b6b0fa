import { StreamableFile } from '@nestjs/common';
import { describeValue, has } from '../../sources/options/given-value.js';
import { refuse } from '../../sources/options/refuse.js';
import { fileOver } from './unusable-result.js';

/** @throws TypeError naming the argument of `RangeResponder.send()` that is not a response, or not a file */
export function checkSent(response: unknown, file: unknown): void {
  if (!has(response, 'setHeader') && !(has(response, 'header') && has(response, 'send'))) {
    refuse(
      `RangeResponder.send(): the second parameter must be the response, not ${describeValue(response).what}: write send(request, response, file)`,
    );
  }
  if (file instanceof StreamableFile) return;
  refuse(
    `RangeResponder.send(): the third parameter must be a RangedFile or a StreamableFile, not ${describeValue(file).what}: write ${fileOver(file) ?? 'new RangedFile(source)'}`,
  );
}
