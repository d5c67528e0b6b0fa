import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The Debian package of each client that the specs run. */
const PACKAGES = { curl: 'curl', wget: 'wget', aria2c: 'aria2' } as const;

/**
 * Runs a command-line client to its end in a folder that is also its home, so that no proxy and no settings of the
 * machine's play a part. Its output is read as Latin-1: an octet, a character.
 *
 * @throws Error that says what to install when the client is missing
 */
export function run(client: keyof typeof PACKAGES, args: readonly string[], folder: string): Promise<CommandResult> {
  const environment = { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C' };
  const options = { cwd: folder, env: environment, encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(client, args, options, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') {
        reject(new Error(`${client} is missing; on Debian: apt-get install ${PACKAGES[client]}`));
      } else if (child.exitCode === null) {
        reject(new Error(`${client} was ended by ${child.signalCode}`, { cause: error }));
      } else {
        resolve({ exitCode: child.exitCode, stdout, stderr });
      }
    });
  });
}
