import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { bytesSource, Ranged, RangedFile, RangeInterceptor, RangeModule, RangeResponder } from 'nestjs-range';
import { fetchRaw } from '../../support/connections/raw-client.js';
import { ADAPTERS, startApp } from '../../support/apps/test-app.js';

@Controller()
class Files {
  @Get('file')
  @Ranged()
  file() {
    return new RangedFile(bytesSource(Buffer.from('text')));
  }
}

@Module({ controllers: [Files] })
class LazyFiles {}

@Module({})
class Empty {}

describe.each(ADAPTERS)('loaded lazily, on %s,', (adapter) => {
  it('a controller with ranges has no routes, as in plain Nest, and nothing fails', async () => {
    const running = await startApp(adapter, { imports: [RangeModule] });
    const reference = await running.app.get(LazyModuleLoader).load(() => LazyFiles);
    expect(reference).toBeDefined();
    expect((await fetchRaw(running.port, '/file')).status).toBe(404);
    expect(running.log.complaints).toEqual([]);
    await running.close();
  });

  it('RangeModule gives a responder and an interceptor', async () => {
    const running = await startApp(adapter, { imports: [Empty] });
    const load = (): ReturnType<typeof RangeModule.forRoot> => RangeModule.forRoot({ cacheControl: 'private' });
    const reference = await running.app.get(LazyModuleLoader).load(load);
    expect(reference.get(RangeResponder)).toBeInstanceOf(RangeResponder);
    expect(reference.get(RangeInterceptor)).toBeInstanceOf(RangeInterceptor);
    await running.close();
  });
});
