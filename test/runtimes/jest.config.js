import { base } from '../../jest.config.js';

/**
 * The installed package on the runtime that RUNTIME names: Node.js asks an app there, and plays the faults on it.
 * @type {import('jest').Config}
 */
export default {
  ...base,
  globalSetup: '<rootDir>/test/runtimes/support/install-apps.js',
  testMatch: [
    '<rootDir>/test/runtimes/**/*.spec.ts',
    '<rootDir>/test/faults/{crash,exit,leaving-clients,slow-readers}.spec.ts',
  ],
};
