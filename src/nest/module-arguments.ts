import type { DynamicModule } from '@nestjs/common';
import { types } from 'node:util';
import { describe, isPlain } from '../sources/options/check-options.js';
import { refuse } from '../sources/options/refuse.js';

/** The static methods that `ConfigurableModuleBuilder` makes. */
interface ConfigurableModule {
  forRoot: (options: never) => DynamicModule;
  forRootAsync: (options: never) => DynamicModule;
}

type Method = (options: unknown) => DynamicModule;

const PROVIDERS = ['useFactory', 'useClass', 'useExisting'] as const;

/**
 * Makes the methods of a module check that they get options at all: Nest reads them first, and its errors name no module.
 *
 * @param example options as an app would write them
 */
export function checkArguments(module: ConfigurableModule, place: string, example: string): void {
  const { forRoot, forRootAsync } = module as unknown as Record<keyof ConfigurableModule, Method>;
  const checked: Record<keyof ConfigurableModule, Method> = {
    forRoot(this: unknown, options) {
      if (!isPlain(options) || types.isPromise(options)) {
        const later = types.isPromise(options) || typeof options === 'function';
        const advice = later ? `forRootAsync({ useFactory: async () => (${example}) })` : `forRoot(${example})`;
        refuse(`${place}.forRoot(): the options must be an object, not ${describe(options)}: write ${place}.${advice}`);
      }
      return forRoot.call(this, options);
    },
    forRootAsync(this: unknown, options) {
      if (!isProvider(options)) {
        const given = isPlain(options) ? `an object with ${namesOf(options)}` : describe(options);
        const advice = `write ${place}.forRootAsync({ useFactory: () => (${example}) })`;
        refuse(`${place}.forRootAsync(): needs useFactory, useClass or useExisting, not ${given}: ${advice}`);
      }
      return forRootAsync.call(this, options);
    },
  };
  Object.assign(module, checked);
}

/** Whether Nest can make the options: by a function, or by a class or token that is there. */
function isProvider(options: unknown): boolean {
  if (!isPlain(options)) return false;
  const { useFactory, useClass, useExisting } = options as Readonly<Record<(typeof PROVIDERS)[number], unknown>>;
  if (useFactory !== undefined) return typeof useFactory === 'function';
  return useExisting !== undefined || typeof useClass === 'function';
}

function namesOf(options: object): string {
  return Object.keys(options).join(', ') || 'nothing in it';
}
