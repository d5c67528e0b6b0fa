import { ConfigurableModuleBuilder, Global, Module, type Provider } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { RangeInterceptor } from './range.interceptor.js';
import { checkModuleExtras, type RangeModuleExtras, type RangeModuleOptions } from './range.options.js';
import { RangeParser } from './range.parser.js';
import { RangeResponder } from './range.responder.js';
import { RANGE_MODULE_IMPORTED, RANGE_MODULE_OPTIONS } from './range.tokens.js';

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

/**
 * Provides `RangeInterceptor`, `RangeResponder` and `RangeParser` to the whole app. Import it once, in the root module: as
 * it is, or by `forRoot` or `forRootAsync`. A module that imports it a second time gets the options given there.
 *
 * @example
 * imports: [RangeModule.forRoot({ openEndedLimit: 8 * 1024 * 1024 })]
 */
@Global()
@Module({
  providers: [
    { provide: RANGE_MODULE_OPTIONS, useValue: {} },
    { provide: RANGE_MODULE_IMPORTED, useValue: true },
    RangeParser,
    RangeResponder,
    RangeInterceptor,
  ],
  exports: [RangeParser, RangeResponder, RangeInterceptor, RANGE_MODULE_IMPORTED],
})
export class RangeModule extends ConfigurableModuleClass {}

function parserProvider(parser: NonNullable<RangeModuleExtras['parser']>): Provider {
  return typeof parser === 'function'
    ? { provide: RangeParser, useClass: parser }
    : { provide: RangeParser, useValue: parser };
}
