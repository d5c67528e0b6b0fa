import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Shares } from '../apps/profiler.js';
import { type Usage, usageOf } from './usage.js';

/** A server under test in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  /** Where it has the file, with the slash. */
  readonly path: string;
  usage(): Usage;
  /** Profiles it meanwhile, if it is one of Node.js. */
  profile(work: () => Promise<unknown>): Promise<Shares>;
  stop(): Promise<void>;
}

/** What a server is started for. */
export interface Assignment {
  readonly file: string;
  /** For its configuration, where it wants one. */
  readonly dir: string;
  /** `undefined`: any. */
  readonly cpu: number | undefined;
  /** Content of the constant answer of `limit`, in bytes. */
  readonly limitLength?: number | undefined;
  /** The URL of an object store, for those that serve out of one. */
  readonly store?: string;
}

/** What a started child is to the benches. */
export interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly path: string;
  /** The process that does the work. */
  readonly pid: number;
}

export function serverProcess({ child, port, path, pid }: Started): ServerProcess {
  return {
    port,
    path,
    usage: () => usageOf(pid),
    async profile(work) {
      const answerTo = async (order: string) => {
        child.send(order);
        const [answer] = (await once(child, 'message')) as [unknown];
        return answer;
      };
      await answerTo('profile');
      await work();
      return (await answerTo('end')) as Shares;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
