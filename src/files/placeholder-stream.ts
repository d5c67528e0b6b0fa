import type { Readable } from 'node:stream';

/**
 * Passed to the constructor of StreamableFile, which requires a stream, by files that create their stream on demand. A real
 * stream, shared by all, would collect the error listeners that StreamableFile adds.
 */
export const NO_STREAM = { pipe: () => {} } as unknown as Readable;
