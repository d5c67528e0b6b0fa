import type { Options } from '../options.js';
import type { Pinning } from '../machine.js';
import type { Subjects } from '../subjects.js';

/** One question to the servers. */
export interface Workload {
  readonly name: string;
  /** What the table is headed. */
  readonly title: string;
  /** How many descriptors it takes; `undefined`: no more than any process may have. */
  readonly descriptors?: number;
  /** Measures, and resolves with a table in Markdown. */
  run(bench: Bench): Promise<string>;
}

/** What every workload is run with. */
export interface Bench extends Options {
  readonly subjects: Subjects;
  /** For scripts and configurations. */
  readonly dir: string;
  readonly pinning: Pinning;
}
