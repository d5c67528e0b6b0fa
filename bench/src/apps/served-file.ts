import { basename, dirname } from 'node:path';

/** The file that every contender serves. */
export const FILE = process.env['BENCH_FILE'] ?? '';
export const ROOT = dirname(FILE);
export const NAME = basename(FILE);
