/** What runs the apps that are processes of their own. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly command: string;
  /** Before the script, for an app whose parent may ask it to collect its garbage. */
  readonly options: readonly string[];
}

export type RuntimeName = 'node' | 'bun' | 'deno';

const RUNTIMES: readonly Runtime[] = [
  { name: 'node', command: process.execPath, options: ['--expose-gc'] },
  { name: 'bun', command: 'bun', options: ['--expose-gc'] },
  { name: 'deno', command: 'deno', options: ['run', '--allow-all', '--v8-flags=--expose-gc'] },
];

/** The one that the environment names, or Node.js. */
export const RUNTIME = runtimeNamed(process.env['RUNTIME'] ?? 'node');

function runtimeNamed(name: string): Runtime {
  const runtime = RUNTIMES.find((known) => known.name === name);
  if (runtime === undefined) throw new Error(`RUNTIME is "${name}"`);
  return runtime;
}
