import { ConfigurableModuleBuilder, type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR, ModuleRef } from '@nestjs/core';
import { checkArguments } from './module-arguments.js';
import { parserOfRequest } from './parser/parser-of-request.js';
import { checkModuleExtras, type RangeModuleExtras, type RangeModuleOptions } from './range-module.options.js';
import { RangeInterceptor } from './range.interceptor.js';
import { RangeParser } from './parser/range.parser.js';
import { RangeResponder } from './range.responder.js';
import { PARSER_OF_REQUEST, RANGE_MODULE_IMPORTED, RANGE_MODULE_OPTIONS } from './range.tokens.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RangeModuleOptions>({
  optionsInjectionToken: RANGE_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<RangeModuleExtras>({ appInterceptor: false, parser: undefined }, (definition, extras) => {
    const { appInterceptor, parser } = checkModuleExtras(extras, 'RangeModule');
    return {
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        ...(parser === undefined ? [] : [parserProvider(parser)]),
        ...(appInterceptor === true ? [{ provide: APP_INTERCEPTOR, useExisting: RangeInterceptor }] : []),
      ],
    };
  })
  .build();
checkArguments(ConfigurableModuleClass, 'RangeModule', "{ cacheControl: 'private' }");

/**
 * Provides `RangeInterceptor`, `RangeResponder` and `RangeParser` to the whole app. Import it once, in the root module: as
 * it is, or through `forRoot` or `forRootAsync`. A module that imports it again gets the options given there.
 *
 * @example
 * imports: [RangeModule.forRoot({ cacheControl: 'private, no-cache' })]
 */
@Global()
@Module({
  providers: [
    { provide: RANGE_MODULE_OPTIONS, useValue: {} },
    { provide: RANGE_MODULE_IMPORTED, useValue: true },
    RangeParser,
    { provide: PARSER_OF_REQUEST, useFactory: parserOfRequest, inject: [{ token: ModuleRef, optional: true }] },
    RangeResponder,
    RangeInterceptor,
  ],
  exports: [RangeParser, RangeResponder, RangeInterceptor, RANGE_MODULE_IMPORTED],
})
export class RangeModule extends ConfigurableModuleClass {
  /** Imports the module with options for the whole app, each of which has a default. */
  static override forRoot(options: RangeModuleOptions & RangeModuleExtras = {}): DynamicModule {
    return super.forRoot(options);
  }
}

function parserProvider(parser: NonNullable<RangeModuleExtras['parser']>): Provider {
  return typeof parser === 'function'
    ? { provide: RangeParser, useClass: parser }
    : { provide: RangeParser, useValue: parser };
}
