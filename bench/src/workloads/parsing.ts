import { interleave } from '../statistics.js';
import { figure, ratio, table } from '../table.js';
import type { Workload } from './workload.js';

/** What a client may send as one field, with the default limits of Node.js. */
const LENGTH = 16 * 1024;
const RUNS = 200;

type Read = (headerValue: string) => unknown;

interface Parsing {
  readonly name: string;
  readonly read: Read;
  readonly headerValue: string;
}

/** Fields that are long and hostile cost what they are long, and no more. */
export const parsing: Workload = {
  name: 'parsing',
  title: 'Reading the longest fields that Node.js lets through, against fields a quarter as long',
  async run(bench) {
    const rounds = await interleave(await parsings(), bench.rounds, async (one) => measure(one));
    return table(rounds, [
      figure('µs', (sample) => sample),
      ratio(
        '× a quarter',
        (sample) => sample,
        (row) => (row.endsWith('quarter') ? row : `${row}, a quarter`),
      ),
    ]);
  },
};

/** The readers are not part of the package's surface. */
async function parsings(): Promise<Parsing[]> {
  const from = async (file: string) =>
    (await import(new URL(`../../../build/http/${file}.js`, import.meta.url).href)) as Record<string, Read>;
  const { parseRange } = await from('ranges/range-header');
  const { parseEntityTagList } = await from('headers/entity-tag');
  const { preferredCodings } = (await from('headers/accept-encoding')) as Record<
    string,
    (headerValue: string, available: string[]) => unknown
  >;
  const codings: Read = (headerValue) => preferredCodings!(headerValue, ['br', 'gzip']);
  return [
    ...atBothLengths('Range of commas', parseRange!, 'bytes=', ','),
    ...atBothLengths('Range of blanks', parseRange!, 'bytes=', ' '),
    ...atBothLengths('Range of ranges', parseRange!, 'bytes=', '0-1,'),
    ...atBothLengths('Range of digits', parseRange!, 'bytes=', '9'),
    ...atBothLengths('If-None-Match of tags', parseEntityTagList!, '', '"a",'),
    ...atBothLengths('If-None-Match of commas', parseEntityTagList!, '', ','),
    ...atBothLengths('If-None-Match of quotes', parseEntityTagList!, '', '"'),
    ...atBothLengths('If-None-Match of one long tag', parseEntityTagList!, '"', 'a'),
    ...atBothLengths('Accept-Encoding of weights', codings, 'gzip', ';q=0.'),
    ...atBothLengths('Accept-Encoding of commas', codings, 'gzip', ','),
  ];
}

function atBothLengths(name: string, read: Read, head: string, piece: string): Parsing[] {
  const ofLength = (length: number) => (head + piece.repeat(length)).slice(0, length);
  return [
    { name: `${name}, a quarter`, read, headerValue: ofLength(LENGTH / 4) },
    { name, read, headerValue: ofLength(LENGTH) },
  ];
}

/** The least of many runs, in µs: everything else that happens only adds to it. */
function measure({ read, headerValue }: Parsing): number {
  let least = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const startedAt = process.hrtime.bigint();
    read(headerValue);
    least = Math.min(least, Number(process.hrtime.bigint() - startedAt) / 1000);
  }
  return least;
}
