import { checkRangedEndpoint } from 'nestjs-range/testing';
import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_ROUTES, NGINX, onBoth } from '../contenders.js';
import { withServers } from './with-servers.js';
import type { Workload } from './workload.js';

const CONTENDERS = [...onBoth(...FILE_ROUTES), NGINX];

/** Not how fast it is answered, but whether it is right. */
export const questions: Workload = {
  name: 'questions',
  title: 'What clients may ask of a file, by `checkRangedEndpoint`',
  async run({ dir, pinning }) {
    const file = join(dir, 'files', 'asked.bin');
    const bytes = randomBytes(200_000);
    writeFileSync(file, bytes);
    utimesSync(file, 1e9, 1e9);
    return withServers(CONTENDERS, { file, dir, cpu: pinning.server, limitLength: undefined }, async (serverOf) => {
      const lines = ['|  | right | of | wrong |', '| --- | ---: | ---: | --- |'];
      for (const contender of CONTENDERS) {
        const { port, path } = serverOf(contender);
        const findings = await checkRangedEndpoint(`http://127.0.0.1:${port}${path}`, { bytes });
        const wrong = findings.filter(({ ok }) => !ok).map(({ question }) => question);
        lines.push(
          `| ${contender.name} | ${findings.length - wrong.length} | ${findings.length} | ${wrong.join('; ')} |`,
        );
      }
      return lines.join('\n');
    });
  },
};
