import { jest } from '@jest/globals';

/**
 * For tests that run other people's programs: a browser or a player that starves on a busy machine gets one more try,
 * and its first error is printed all the same. Tests of our own code alone never do.
 */
jest.retryTimes(1, { logErrorsBeforeRetry: true });
