import { base } from '../../jest.config.js';

/**
 * Real players, browsers and download tools: apart from `npm test`, which needs nothing installed.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  maxWorkers: '100%',
  globalSetup: '<rootDir>/test/players/make-media.js',
  globalTeardown: '<rootDir>/test/players/remove-media.js',
  setupFilesAfterEnv: ['<rootDir>/test/support/one-more-try.ts'],
  testMatch: ['<rootDir>/test/players/**/*.spec.ts'],
  testTimeout: 120_000,
};
