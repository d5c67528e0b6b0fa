import { base } from '../../jest.config.js';

/**
 * Real Chromium (Debian's) against the built sample app: apart from `npm test`, which needs nothing installed.
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['<rootDir>/test/browser/**/*.spec.ts'], testTimeout: 60_000 };
