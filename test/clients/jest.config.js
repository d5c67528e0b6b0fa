import { base } from '../../jest.config.js';

/**
 * Real curl, wget and aria2c: apart from `npm test`, which needs nothing installed.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  maxWorkers: '100%', // they wait for limited rates
  globalSetup: '<rootDir>/test/clients/compile-sample-app.js',
  setupFilesAfterEnv: ['<rootDir>/test/support/one-more-try.ts'],
  testMatch: ['<rootDir>/test/clients/**/*.spec.ts'],
  testTimeout: 120_000,
};
