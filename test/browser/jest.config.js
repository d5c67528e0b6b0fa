import { base } from '../../jest.config.js';

/**
 * Real Chromium (Debian's) against the built sample app: apart from `npm test`, which needs nothing installed. One spec
 * after the other: `npm start` builds what the others run.
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['<rootDir>/test/browser/**/*.spec.ts'], testTimeout: 60_000, maxWorkers: 1 };
