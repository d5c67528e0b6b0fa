import { type Exchange, type Slice, slicesOf } from '../clients/exchange.js';
import { type Contender, NGINX, onBoth } from '../contenders.js';
import { GIB, KIB, MIB } from '../subjects.js';
import { ratio, table } from '../table.js';
import { randomSlices } from '../rounds/random-slices.js';
import { measureRequests, type Row } from '../rounds/requests.js';
import * as columns from '../rounds/sample.js';
import type { Workload } from './workload.js';

const OURS: readonly Contender[] = [...onBoth('ranged-file'), NGINX];
const CONNECTIONS = 48;

/** A position far into a file costs what one at its beginning costs. */
const firstAgainstLast = comparing({
  name: 'first-last',
  title: `The first and the last MiB of an 8 GiB file, ${CONNECTIONS} connections`,
  file: 'sparse',
  variants: {
    'first MiB': [slicesOf([{ firstPos: 0, length: MIB }])],
    'last MiB': [slicesOf([{ firstPos: 8 * GIB - MIB, length: MIB }])],
  },
});

/** Ten ranges are one request. */
const tenAgainstOne = comparing({
  name: 'ten-ranges',
  title: `One and ten random 4 KiB ranges in a request, ${CONNECTIONS} connections`,
  file: 'whole',
  variants: {
    'one range': exchangesOf(randomSlices(4 * KIB)),
    'ten ranges': exchangesOf(randomSlices(4 * KIB, 10)),
  },
});

export const rangeVariants: readonly Workload[] = [firstAgainstLast, tenAgainstOne];

interface Comparison {
  readonly name: string;
  readonly title: string;
  readonly file: 'whole' | 'sparse';
  /** What is asked, by the name it has in the table; the others are compared with the first. */
  readonly variants: Readonly<Record<string, readonly Exchange[]>>;
}

/** The same contenders asked in two ways. */
function comparing({ name, title, file, variants }: Comparison): Workload {
  const [base = ''] = Object.keys(variants);
  return {
    name,
    title,
    async run(bench) {
      const rows = OURS.flatMap((contender) => rowsFor(contender, variants));
      const rounds = await measureRequests(bench, { file: bench.subjects[file], connections: CONNECTIONS, rows });
      return table(rounds, [
        columns.CPU_PER_REQUEST,
        columns.REQUEST_RATE,
        columns.BYTE_RATE,
        columns.PEAK,
        ratio(`× ${base}`, columns.cpuPerRequest, (row) => `${row.split(', ', 1)[0]}, ${base}`),
        columns.CLIENT_BUSY,
      ]);
    },
  };
}

function rowsFor(contender: Contender, variants: Comparison['variants']): Row[] {
  return Object.entries(variants).map(([variant, exchanges]) => ({
    name: `${contender.name}, ${variant}`,
    contender,
    exchangesFor: () => exchanges,
  }));
}

function exchangesOf(sets: readonly (readonly Slice[])[]): Exchange[] {
  return sets.map(slicesOf);
}
