import { afterAll, expect, it } from '@jest/globals';
import { mkdirSync, readSync, renameSync, symlinkSync } from 'node:fs';
import { codeOf } from '../../../src/sources/source-errors.js';
import { closeFile, openRegularFile } from '../../../src/sources/descriptors/open-file.js';
import { FixtureDirectory } from '../../support/sources/fixtures.js';

const fixtures = new FixtureDirectory();
afterAll(() => fixtures.remove());

const FILES = 1000;
const names = Array.from({ length: FILES }, (_, i) => `${i}`);
for (const directory of ['root', 'root/inner', 'outside']) mkdirSync(fixtures.at(directory));
for (const name of names) {
  fixtures.write(`root/inner/${name}`, 'inside');
  fixtures.write(`outside/${name}`, 'secret');
}
symlinkSync(fixtures.at('outside'), fixtures.at('link'));

/** Swaps the directory below the root for a link out of it, and back, at each turn of the event loop. */
function keepSwapping(): () => void {
  let isLink = false;
  let hasStopped = false;
  const swap = (): void => {
    if (hasStopped) return;
    const [away, here] = isLink ? ['link', 'directory'] : ['directory', 'link'];
    renameSync(fixtures.at('root/inner'), fixtures.at(away));
    renameSync(fixtures.at(here), fixtures.at('root/inner'));
    isLink = !isLink;
    setImmediate(swap);
  };
  swap();
  return () => {
    hasStopped = true;
  };
}

async function contentOf(name: string): Promise<string> {
  try {
    const { fd } = await openRegularFile(fixtures.at(`root/inner/${name}`), fixtures.at('root'));
    const bytes = Buffer.alloc(6);
    readSync(fd, bytes, 0, 6, 0);
    await closeFile(fd);
    return bytes.toString();
  } catch (error) {
    return String(codeOf(error));
  }
}

it('a directory that is swapped for a link all the time never leads out of the root', async () => {
  if (process.platform !== 'linux') return; // elsewhere nothing tells where a descriptor is
  const stop = keepSwapping();
  const contents = new Set<string>();
  const left = [...names];
  const openInTurn = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) contents.add(await contentOf(name));
  };
  await Promise.all(Array.from({ length: 6 }, openInTurn));
  stop();
  expect([...contents].toSorted()).toEqual(['SOURCE_NOT_FOUND', 'inside']);
});
