import { expect, it } from '@jest/globals';
import { bytesSource, RangedFile, type RangedOptions } from 'nestjs-range';

const of = (options?: RangedOptions) => new RangedFile(bytesSource(Buffer.from('text')), options).getHeaders();

it.each<[options: RangedOptions, type: string, disposition: string | undefined]>([
  [{}, 'application/octet-stream', undefined],
  [{ type: 'text/plain' }, 'text/plain', undefined],
  [{ filename: 'a.txt' }, 'application/octet-stream', 'attachment; filename=a.txt'],
  [{ type: 'text/plain', disposition: 'inline' }, 'text/plain', 'inline'],
  [{ filename: 'a.txt', disposition: 'inline' }, 'application/octet-stream', 'inline; filename=a.txt'],
])('a RangedFile with %p has the same values as a StreamableFile', (options, type, disposition) => {
  expect(of(options)).toMatchObject({ type, disposition });
});
