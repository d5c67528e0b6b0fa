import { describe, expect, it } from '@jest/globals';
import { rangeSourceContract } from 'nestjs-range/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pseudoRandomBytes } from '../support/sources/fixtures.js';
import { type Database, largeObjectSource } from '../sources/stores/http/large-object-source.js';

const read = (...names: string[]): string => readFileSync(join(import.meta.dirname, ...names), 'utf8');

/** A database of which only the answers to two queries are true. */
class FakeDatabase implements Database {
  private readonly files = new Map<number, { bytes: Buffer; version: number }>();
  private versions = 0;

  set(oid: number, bytes: Uint8Array): void {
    this.files.set(oid, { bytes: Buffer.from(bytes), version: ++this.versions });
  }

  delete(oid: number): void {
    this.files.delete(oid);
  }

  async query(text: string, [oid, at = 0, length = 0]: readonly number[]): ReturnType<Database['query']> {
    const file = this.files.get(oid ?? 0);
    if (file === undefined) return { rows: [] };
    const row = { ...file, size: file.bytes.length, type: 'video/mp4' };
    return { rows: [text.includes('lo_get') ? { ...row, bytes: file.bytes.subarray(at, at + length) } : row] };
  }
}

describe('the example source of docs/own-source.md', () => {
  it('is the one tested here', () => {
    expect(read('..', '..', 'docs', 'own-source.md')).toContain(
      read('..', 'sources', 'stores', 'http', 'large-object-source.ts').trim(),
    );
  });

  it('has the members of the interface as they are declared', () => {
    const [, shown = ''] =
      /^```ts\n(export interface RangeSource.*?)^```$/ms.exec(read('..', '..', 'docs', 'own-source.md')) ?? [];
    const members = [...shown.matchAll(/^ {2}(?:readonly )?(\w+.*?);/gm)].map(([, member = '']) => member);
    const declared = ['sources/source.ts', 'http/representation.ts', 'http/ranges/byte-range.ts']
      .map((name) => read('..', '..', 'src', ...name.split('/')))
      .join('')
      .replaceAll(' | undefined;', ';');
    expect(members).toHaveLength(11);
    expect(members.filter((member) => !declared.includes(`${member};`))).toEqual([]);
  });

  const bytes = pseudoRandomBytes(600_001);
  const db = new FakeDatabase();
  db.set(1, bytes);
  db.set(2, Buffer.alloc(0));
  const checks = rangeSourceContract(() => ({ source: largeObjectSource(db, 1), bytes }), {
    replace: (other) => db.set(1, other),
    remove: () => db.delete(1),
    missing: () => largeObjectSource(db, 3),
    empty: () => largeObjectSource(db, 2),
  });

  it.each(checks.map(({ name, run }) => [name, run] as const))('keeps the contract: %s', async (_, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
