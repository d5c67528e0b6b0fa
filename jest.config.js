import { availableParallelism } from 'node:os';

/** What every run shares: TypeScript as ES modules, transpiled only (`npm run types` checks them). */
export const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  // Thousands of table rows: their names matter where one fails.
  verbose: false,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-range$': '<rootDir>/src/index.ts',
    '^nestjs-range/testing$': '<rootDir>/src/testing/index.ts',
    '^nestjs-range/zip$': '<rootDir>/src/sources/archive/index.ts',
    '^nestjs-range/swagger$': '<rootDir>/src/swagger/api-ranged.ts',
    // An optional peer, too large to be installed for a test without its store.
    '^@aws-sdk/client-s3$': '<rootDir>/test/support/aws-commands.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }],
  },
  // For a loaded machine: no test waits this long by itself.
  testTimeout: 60_000,
  setupFiles: ['<rootDir>/test/support/expect-nest-major.ts'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};

/** For `npm test`: its two runs alone. */
export const workers = {
  // Most specs wait for sockets and timers, so that one worker more than there are cores keeps those busy.
  maxWorkers: availableParallelism() + 1,
  // A worker never lets go of the modules of its earlier specs: a fresh one is faster than collecting garbage beside them.
  workerIdleMemoryLimit: '1GB',
};

// Which Nest a run is meant for. The setup file fails the run when another one is loaded.
process.env.NEST_MAJOR ??= '12';

/** @type {import('jest').Config} */
export default {
  ...base,
  ...workers,
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(browser|clients|consumers|faults|integration|nest-11|players|proxies|runtimes)/',
  ],
};
