import { ADAPTERS, type AdapterName } from '../support/apps/test-app.js';

export type Medium = 'faststart.mp4' | 'moov-last.mp4' | 'tone.mp3';

/** How one file is served, and how it is played or fetched. */
export interface Case {
  readonly medium: Medium;
  /** From the beginning to the end, or from a later position: a player seeks, a download goes on. */
  readonly from: 'the start' | 'a later position';
  readonly adapter: AdapterName;
  readonly result: 'RangedFile' | 'StreamableFile';
  /** Whether the file was written when its first request came, or long before. */
  readonly age: 'fresh' | 'settled';
}

/** Any two values of two columns stand together in a row. */
export const CASES: readonly Case[] = [
  { medium: 'faststart.mp4', from: 'the start', adapter: 'express', result: 'RangedFile', age: 'fresh' },
  { medium: 'faststart.mp4', from: 'a later position', adapter: 'fastify', result: 'StreamableFile', age: 'settled' },
  { medium: 'moov-last.mp4', from: 'the start', adapter: 'fastify', result: 'StreamableFile', age: 'fresh' },
  { medium: 'moov-last.mp4', from: 'a later position', adapter: 'express', result: 'RangedFile', age: 'settled' },
  { medium: 'tone.mp3', from: 'the start', adapter: 'express', result: 'StreamableFile', age: 'settled' },
  { medium: 'tone.mp3', from: 'a later position', adapter: 'fastify', result: 'RangedFile', age: 'fresh' },
];

/** Every combination, for a player that has stumbled over three values that stood together. */
export const ALL_CASES: readonly Case[] = [...new Set(CASES.map(({ medium }) => medium))].flatMap((medium) =>
  (['the start', 'a later position'] as const).flatMap((from) =>
    ADAPTERS.flatMap((adapter) =>
      (['RangedFile', 'StreamableFile'] as const).flatMap((result) =>
        (['fresh', 'settled'] as const).map((age) => ({ medium, from, adapter, result, age })),
      ),
    ),
  ),
);
