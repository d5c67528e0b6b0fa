import { base } from '../../jest.config.js';

/**
 * Faults played on real sockets, files and processes: apart from `npm test`, since they take minutes.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  maxWorkers: '100%', // most apps run in processes of their own
  globalSetup: '<rootDir>/test/faults/support/build-package.js',
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
};
