import { checkRangedEndpoint, type Finding } from 'nestjs-range/testing';
import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_ROUTES, GO, NGINX, onBoth, UNTIMED_ROUTES } from '../contenders.js';
import { requireTools } from '../machine.js';
import { line } from '../table.js';
import { withServers } from '../rounds/with-servers.js';
import type { Workload } from './workload.js';

const CONTENDERS = [...onBoth(...FILE_ROUTES, ...UNTIMED_ROUTES), NGINX, GO];

/** A question belongs to the first whose words are in it. */
const TOPICS: readonly (readonly [title: string, words: RegExp])[] = [
  ['If-Range', /^If-Range/],
  ['If-None-Match, If-Modified-Since', /^If-(None-Match|Modified-Since)/],
  ['If-Match, If-Unmodified-Since', /^If-(Match|Unmodified-Since)/],
  ['HEAD', /^HEAD/],
  [
    'several ranges',
    /^(two (long )?ranges|three ranges|white space round|the first and the last|a range behind the end beside|everything, twenty times)/,
  ],
  [
    'no valid range',
    /^(a last position before|a range without|no range|letters|a sign|a position in|one good|two Range)/,
  ],
  ['one range', /Range: |sixteen ranges/],
  ['the whole', /./],
];

/** Not how fast it is answered, but whether it is right. */
export const questions: Workload = {
  name: 'questions',
  title: 'What clients may ask of a file, by `checkRangedEndpoint`, and how much of it is answered rightly',
  async run({ dir, pinning }) {
    requireTools('go');
    const file = join(dir, 'files', 'asked.bin');
    const bytes = randomBytes(200_000);
    writeFileSync(file, bytes);
    utimesSync(file, 1e9, 1e9);
    return withServers(CONTENDERS, { file, dir, cpu: pinning.server, limitLength: undefined }, async (serverOf) => {
      const findings = new Map<string, readonly Finding[]>();
      for (const contender of CONTENDERS) {
        const { port, path } = serverOf(contender);
        findings.set(contender.name, await checkRangedEndpoint(`http://127.0.0.1:${port}${path}`, { bytes }));
      }
      return `${scores(findings)}\n\nWrong are:\n\n${faults(findings)}`;
    });
  },
};

function scores(findings: ReadonlyMap<string, readonly Finding[]>): string {
  const titles = TOPICS.map(([title]) => title);
  const lines = [line('', ...titles, 'in all'), line('---', ...titles.map(() => '---:'), '---:')];
  for (const [name, all] of findings) {
    const byTopic = titles.map((title) => score(all.filter((finding) => topicOf(finding) === title)));
    lines.push(line(name, ...byTopic, score(all)));
  }
  return lines.join('\n');
}

function faults(findings: ReadonlyMap<string, readonly Finding[]>): string {
  return [...findings]
    .map(([name, all]) => [name, all.filter(({ ok }) => !ok)] as const)
    .filter(([, wrong]) => wrong.length > 0)
    .map(([name, wrong]) => `- ${name}: ${wrong.map(({ question }) => question).join('; ')}`)
    .join('\n');
}

function topicOf({ question }: Finding): string | undefined {
  return TOPICS.find(([, words]) => words.test(question))?.[0];
}

function score(findings: readonly Finding[]): string {
  return `${findings.filter(({ ok }) => ok).length} of ${findings.length}`;
}
