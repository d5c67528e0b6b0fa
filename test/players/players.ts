import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, run, type RunAs } from '../clients/command.js';
import { ALL_CASES, type Case } from './cases.js';
import { playerUser } from './player-user.js';

/** A player that writes the sound that it would play, as fast as it can. */
export interface Player {
  readonly name: string;
  readonly client: Client;
  /** The command line that plays from a second on and writes the sound to `sound.wav`, in the folder it runs in. */
  args(from: number, url: string): readonly string[];
  /** What it plays; default: `CASES`. */
  readonly cases?: readonly Case[];
  /** Default: as whoever runs the tests. */
  readonly runAs?: () => RunAs;
}

const WAVE = '#transcode{acodec=s16l}:std{access=file,mux=wav,dst=sound.wav}';

export const PLAYERS: readonly Player[] = [
  {
    name: 'mpv',
    client: 'mpv',
    args: (from, url) =>
      `--no-config --no-terminal --vo=null --untimed --ao=pcm --ao-pcm-file=sound.wav --start=${from} ${url}`.split(
        ' ',
      ),
  },
  {
    name: 'VLC',
    client: 'vlc',
    args: (from, url) =>
      `-I dummy --no-dbus --no-sout-video --sout ${WAVE} --start-time=${from} ${url} vlc://quit`.split(' '),
    cases: ALL_CASES,
    runAs: () => playerUser().runAs,
  },
  {
    name: 'FFmpeg',
    client: 'ffmpeg',
    args: (from, url) =>
      `-nostdin -loglevel error -ss ${from} -i ${url} -vn sound.wav -f framemd5 frames.txt`.split(' '),
  },
  {
    name: 'GStreamer',
    client: 'gst-play-1.0',
    args: (from, url) => [
      ...`--no-interactive --quiet --start-position=${from}`.split(' '),
      '--videosink=fakesink sync=false',
      '--audiosink=audioconvert ! wavenc ! filesink location=sound.wav sync=false',
      url,
    ],
  },
];

/** What a player wrote. */
export interface Played {
  /** Of the sound, in seconds. */
  readonly duration: number;
  /** The samples. */
  readonly sound: Buffer;
  /** A line with a digest for each frame of picture and sound, by FFmpeg; empty from the others. */
  readonly frames: string;
}

/** @throws Error with what the player said, where it wrote nothing */
export async function play(player: Player, from: number, url: string, folder: string): Promise<Played> {
  const { stdout, stderr } = await run(player.client, player.args(from, url), folder, player.runAs?.());
  const wave = await readFile(join(folder, 'sound.wav')).catch((cause: unknown) => {
    throw new Error(`${player.name} wrote no sound:\n${stdout}${stderr}`, { cause });
  });
  const frames = await readFile(join(folder, 'frames.txt'), 'utf8').catch(() => '');
  return { ...readWave(wave), frames };
}

/** The samples of a RIFF file. Its lengths are not believed: not every player comes back to fill them in. */
function readWave(file: Buffer): { duration: number; sound: Buffer } {
  const format = file.indexOf('fmt ') + 8;
  const data = file.indexOf('data') + 8;
  if (format === 7 || data === 7) return { duration: 0, sound: Buffer.alloc(0) };
  const sound = file.subarray(data);
  return { duration: sound.length / file.readUInt32LE(format + 8), sound };
}
