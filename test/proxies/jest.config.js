import { base } from '../../jest.config.js';

/**
 * A real nginx in front of real processes of an app: apart from `npm test`, which needs nothing installed.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  globalSetup: '<rootDir>/test/faults/support/build-package.js',
  testMatch: ['<rootDir>/test/proxies/**/*.spec.ts'],
};
