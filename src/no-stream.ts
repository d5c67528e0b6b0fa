import type { Readable } from 'node:stream';

/**
 * For files that make their stream when it is asked for: the base class wants something that pipes. A real stream, shared
 * by all, would collect the error listeners that it adds.
 */
export const NO_STREAM = { pipe: () => {} } as unknown as Readable;
