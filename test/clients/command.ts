import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The Debian package of each client that the specs run. */
const PACKAGES = {
  curl: 'curl',
  wget: 'wget',
  aria2c: 'aria2',
  ffmpeg: 'ffmpeg',
  mpv: 'mpv',
  vlc: 'vlc-bin vlc-plugin-base',
  'gst-play-1.0': 'gstreamer1.0-plugins-base-apps gstreamer1.0-plugins-good gstreamer1.0-libav',
  zsync: 'zsync',
  zsyncmake: 'zsync',
  zck: 'zchunk',
  zckdl: 'zchunk',
  unzip: 'unzip',
  zipinfo: 'unzip',
  '7zz': '7zip',
  bsdtar: 'libarchive-tools',
  '/usr/bin/python3': 'python3', // Debian's, whatever else is in the PATH
} as const;

export type Client = keyof typeof PACKAGES;

/** Who runs a client; `{}`: whoever runs the tests. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

export interface RunOptions extends RunAs {
  /** What it reads on its standard input. */
  readonly input?: Uint8Array;
  /** In ms. */
  readonly timeout?: number;
}

/** None of them needs as long; what repeats a request for ever is ended then. */
const TIMEOUT_MS = 60_000;

/** These write no names that the locale does not know. */
const UNPACKERS: ReadonlySet<Client> = new Set(['unzip', '7zz', 'bsdtar', '/usr/bin/python3']);

/**
 * Runs a command-line client to its end in a folder that is also its home, so that no proxy and no settings of the
 * machine's play a part. Its output is read as Latin-1: a byte, a character.
 *
 * @throws Error that says what to install when the client is missing
 */
export function run(
  client: Client,
  args: readonly string[],
  folder: string,
  { input, ...runOptions }: RunOptions = {},
): Promise<CommandResult> {
  const options = {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: UNPACKERS.has(client) ? 'C.UTF-8' : 'C' },
    encoding: 'latin1',
    maxBuffer: 64 * 1024 * 1024,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    ...runOptions,
  } as const;
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
    if (input !== undefined) child.stdin?.end(input);
  });
}
