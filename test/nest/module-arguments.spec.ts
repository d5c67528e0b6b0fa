import { describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { RangedFolderModule, RangeModule } from 'nestjs-range';

type Method = (options?: unknown) => DynamicModule;

const MODULES = [
  { name: 'RangeModule', module: RangeModule, example: "{ cacheControl: 'private' }" },
  { name: 'RangedFolderModule', module: RangedFolderModule, example: "{ root: 'public' }" },
] as unknown as readonly {
  name: string;
  module: { forRoot: Method; forRootAsync: Method };
  example: string;
}[];

const factory = (): object => ({ root: '.' });

/** As a process with async hooks, of a tracing agent for example, makes it. */
function hookedPromise(): Promise<object> {
  return Object.assign(Promise.resolve({}), { [Symbol('async_id_symbol')]: 1 });
}

describe.each(MODULES)('$name', ({ name, module, example }) => {
  const write = `write ${name}.forRoot(${example})`;
  const writeFactory = `write ${name}.forRootAsync({ useFactory: async () => (${example}) })`;

  it.each([
    ['null', null, `not null: ${write}`],
    ['a number', 5, `not 5: ${write}`],
    ['a string', 'public', `not "public": ${write}`],
    ['an array', [], `not []: ${write}`],
    ['a Map', new Map(), `not Map(0) {}: ${write}`],
    ['a function', factory, `not [Function: factory]: ${writeFactory}`],
    ['a promise', hookedPromise(), `not a Promise: ${writeFactory}`],
  ])('forRoot() names what to write instead of %s', (_, options, message) => {
    expect(() => module.forRoot(options)).toThrow(
      new TypeError(`${name}.forRoot(): the options must be an object, ${message}`),
    );
  });

  it.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a function', factory, '[Function: factory]'],
    ['an empty object', {}, 'an object with nothing in it'],
    ['the options themselves', { root: '.' }, 'an object with root'],
    ['options in place of a factory', { useFactory: { root: '.' } }, 'an object with useFactory'],
    ['an instance in place of a class', { useClass: {}, imports: [] }, 'an object with useClass, imports'],
  ])('forRootAsync() names what to write instead of %s', (_, options, given) => {
    expect(() => module.forRootAsync(options)).toThrow(
      new TypeError(
        `${name}.forRootAsync(): needs useFactory, useClass or useExisting, not ${given}: ` +
          `write ${name}.forRootAsync({ useFactory: () => (${example}) })`,
      ),
    );
  });

  it.each([
    ['a factory', { useFactory: factory }],
    ['a class', { useClass: class Options {} }],
    ['a class that exists', { useExisting: class Options {} }],
    ['a token that exists', { useExisting: 'OPTIONS' }],
  ])('forRootAsync() accepts %s', (_, options) => {
    expect(module.forRootAsync(options).module).toBe(module);
  });
});

it('forRoot() of RangeModule needs no options', () => {
  expect(RangeModule.forRoot().module).toBe(RangeModule);
});
