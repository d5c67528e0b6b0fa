import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const circus = require('jest-circus');
const { ModuleMocker } = require('jest-mock');

/** What the specs import from `@jest/globals`: Jest's own parts, which need nothing of Node.js but what all runtimes have. */
export const { afterAll, afterEach, beforeAll, beforeEach, describe, it } = circus;
export const { expect } = require('expect');

const mocks = new ModuleMocker(globalThis);

export const jest = {
  fn: mocks.fn.bind(mocks),
  spyOn: mocks.spyOn.bind(mocks),
  restoreAllMocks: () => mocks.restoreAllMocks(),
  setTimeout: (ms) => circus.setState({ ...circus.getState(), testTimeout: ms }),
};
