import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { readFileSync } from 'node:fs';
import { FaultyServer, NO_FAULT, type Plant } from './faulty-server.js';
import { PLANTED_FAULTS } from './planted-faults.js';
import { BYTES } from './planting.js';

/** A server on the same machine that says nothing for so long will never answer. */
const TIMEOUT_MS = 1000;

describe('checkRangedEndpoint on a server that is right in everything but one thing', () => {
  let server: FaultyServer;
  beforeAll(async () => {
    server = await FaultyServer.start(BYTES);
  });
  afterAll(() => server.close());

  async function faultsOf(plant: Plant, timeoutMs?: number): Promise<Record<string, string>> {
    const findings = await checkRangedEndpoint(server.urlWith(plant), { timeoutMs });
    const faults = findings.filter(({ ok }) => !ok);
    return Object.fromEntries(faults.map(({ question, got }) => [question, got]));
  }

  it('finds nothing where nothing is wrong', async () => {
    expect(await faultsOf(NO_FAULT)).toEqual({});
    expect(await faultsOf({ bytes: Buffer.alloc(0) })).toEqual({});
  });

  it.each(PLANTED_FAULTS)('%s is found by: %s', async (_fault, question, plant) => {
    expect(Object.keys(await faultsOf(plant, TIMEOUT_MS))).toContain(question);
  });
});

describe('docs/endpoint-check.md', () => {
  it('has each planted fault in its table, and no other', () => {
    const page = readFileSync(new URL('../../../../docs/endpoint-check.md', import.meta.url), 'utf8');
    const table = page.split('\n').filter((line) => /^\| .* \| `.*` \|$/.test(line));
    expect(table).toEqual(PLANTED_FAULTS.map(([fault, question]) => `| ${fault} | \`${question}\` |`));
  });
});
