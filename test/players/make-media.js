import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SAMPLES = fileURLToPath(new URL('../../sample-app/media/', import.meta.url));
const MODIFIED = new Date('2024-02-29T12:34:56.789Z');

/** A constant rate, 20 MB in a minute: more than a player reads ahead. */
const PICTURE =
  '-c:v libx264 -preset ultrafast -g 30 -b:v 2500k -minrate 2500k -maxrate 2500k -bufsize 2500k -x264-params nal-hrd=cbr';

/** Without the noise that decoders make up themselves: a second sounds the same whatever was played before it. */
const SOUND = '-c:a aac -b:a 128k -aac_pns 0';

/** Before all specs: a minute of picture and sound with its index at the end and at the beginning, and a minute of sound. */
export default function makeMedia() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-range-media-'));
  chmodSync(folder, 0o755); // one of the players is another user
  process.env.PLAYERS_MEDIA = folder;
  const at = (name) => join(folder, name);
  ffmpeg('-i', join(SAMPLES, 'clip-moov-last.mp4'), ...`${PICTURE} ${SOUND}`.split(' '), at('moov-last.mp4'));
  ffmpeg('-i', at('moov-last.mp4'), '-c', 'copy', '-movflags', '+faststart', at('faststart.mp4'));
  copyFileSync(join(SAMPLES, 'tone.mp3'), at('tone.mp3'));
  for (const name of ['moov-last.mp4', 'faststart.mp4', 'tone.mp3']) {
    execFileSync('zck', ['-o', at(`${name}.zck`), at(name)]);
    for (const made of [name, `${name}.zck`]) utimesSync(at(made), MODIFIED, MODIFIED);
  }
}

function ffmpeg(...args) {
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', ...args], { stdio: 'inherit' });
}
