import { aborts } from './aborts.js';
import { archive } from './archive.js';
import { folder } from './folder.js';
import { notModified } from './not-modified.js';
import { pace } from './pace.js';
import { parsing } from './parsing.js';
import { plainRoutes } from './plain-routes.js';
import { profiles } from './profile.js';
import { questions } from './questions.js';
import { rangeVariants } from './range-variants.js';
import { ranges } from './ranges.js';
import { slowReaders } from './slow-readers.js';
import { startUp } from './start-up.js';
import { stores } from './stores.js';
import { wholeFile } from './whole-file.js';
import type { Workload } from './workload.js';

/** In the order of the docs. */
const ALL: readonly Workload[] = [
  ...ranges,
  ...profiles,
  ...wholeFile,
  archive,
  ...rangeVariants,
  notModified,
  ...folder,
  ...slowReaders,
  aborts,
  ...pace,
  plainRoutes,
  startUp,
  ...stores,
  parsing,
  questions,
];

/**
 * Those whose names begin with one of the words, or all.
 *
 * @throws RangeError for a word that no name begins with
 */
export function choose(words: readonly string[]): readonly Workload[] {
  const unknown = words.find((word) => !ALL.some(({ name }) => name.startsWith(word)));
  if (unknown !== undefined) {
    throw new RangeError(`no workload begins with ${unknown}: ${ALL.map(({ name }) => name).join(', ')}`);
  }
  return words.length === 0 ? ALL : ALL.filter(({ name }) => words.some((word) => name.startsWith(word)));
}
