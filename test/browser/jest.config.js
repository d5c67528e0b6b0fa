import { base } from '../../jest.config.js';

/**
 * Real Chromium (Debian's) against the built sample app: apart from `npm test`, which needs nothing installed.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  globalSetup: '<rootDir>/test/browser/npm-start.js',
  maxWorkers: '100%', // a network of 3 Mbit/s is mostly waited for
  setupFilesAfterEnv: ['<rootDir>/test/support/one-more-try.ts'],
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
  testTimeout: 180_000,
};
