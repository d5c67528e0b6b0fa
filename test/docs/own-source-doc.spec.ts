import { describe, expect, it } from '@jest/globals';
import { rangeSourceContract } from 'nestjs-range/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pseudoRandomBytes } from '../support/sources/fixtures.js';
import { type Database, largeObjectSource } from '../sources/stores/http/large-object-source.js';

const read = (...names: string[]): string => readFileSync(join(import.meta.dirname, ...names), 'utf8');

/** A database of which only the answers to two queries are true. */
class FakeDatabase implements Database {
  constructor(private readonly files: ReadonlyMap<number, Buffer>) {}

  async query(text: string, [oid, at = 0, length = 0]: readonly number[]): ReturnType<Database['query']> {
    const bytes = this.files.get(oid ?? 0);
    if (bytes === undefined) return { rows: [] };
    const row = { size: bytes.length, type: 'video/mp4', version: 7, bytes };
    return { rows: [text.includes('lo_get') ? { ...row, bytes: bytes.subarray(at, at + length) } : row] };
  }
}

describe('the example source of docs/own-source.md', () => {
  it('is the one tested here', () => {
    expect(read('..', '..', 'docs', 'own-source.md')).toContain(
      read('..', 'sources', 'stores', 'http', 'large-object-source.ts').trim(),
    );
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
