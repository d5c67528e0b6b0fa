import { base } from '../../jest.config.js';

/**
 * Faults played on real sockets, files and processes: apart from `npm test`, since they take minutes.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  globalSetup: '<rootDir>/test/faults/build-package.js',
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
};
