import { describe, expect, it } from '@jest/globals';
import { rangeSourceContract } from 'nestjs-range/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pseudoRandomBytes } from '../support/fixtures.js';
import { type Database, largeObjectSource } from './large-object-source.js';

const read = (...names: string[]): string => readFileSync(join(import.meta.dirname, ...names), 'utf8');

/** A database of which only the answers to two queries are true. */
class FakeDatabase implements Database {
  constructor(private readonly files: ReadonlyMap<number, Buffer>) {}

  async query(text: string, [oid, at = 0, length = 0]: readonly number[]): ReturnType<Database['query']> {
    const octets = this.files.get(oid ?? 0);
    if (octets === undefined) return { rows: [] };
    const row = { size: octets.length, type: 'video/mp4', version: 7, octets };
    return { rows: [text.includes('lo_get') ? { ...row, octets: octets.subarray(at, at + length) } : row] };
  }
}

describe('the source that docs/sources.md shows', () => {
  it('is the one that is run here', () => {
    expect(read('..', '..', 'docs', 'sources.md')).toContain(read('large-object-source.ts').trim());
  });

  const bytes = pseudoRandomBytes(600_001);
  const db = new FakeDatabase(
    new Map([
      [1, bytes],
      [2, Buffer.alloc(0)],
    ]),
  );
  const checks = rangeSourceContract(() => ({ source: largeObjectSource(db, 1), bytes }), {
    missing: () => largeObjectSource(db, 3),
    empty: () => largeObjectSource(db, 2),
  });

  it.each(checks.map(({ name, run }) => [name, run] as const))('keeps the contract: %s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
