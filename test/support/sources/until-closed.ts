import { fileHandles } from '../../../src/sources/descriptors/descriptor-cache.js';
import { until } from '../until.js';
import type { FixtureDirectory } from './fixtures.js';

/** Waits until no file of the directory is open. Descriptors that are kept for the next request are closed at once. */
export async function untilClosed(fixtures: FixtureDirectory): Promise<void> {
  const isClosed = (): boolean => {
    void fileHandles.closeIdle();
    return fixtures.openDescriptors().length === 0;
  };
  await until(isClosed, 'every descriptor to be closed');
}
