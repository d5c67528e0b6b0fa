import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clips, the tone and the book. */
export const MEDIA = fileURLToPath(new URL('../media/', import.meta.url));

/** What lies in MEDIA. */
export const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['clip.mp4', 'video/mp4'],
  ['clip-moov-last.mp4', 'video/mp4'],
  ['tone.mp3', 'audio/mpeg'],
  ['book.pdf', 'application/pdf'],
]);

/** The page at `/`. */
export const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));

/** The clone that the app runs in. */
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** A folder of your own, from the environment: `MEDIA_EXTRA=~/Videos npm start`. */
export const EXTRA = process.env['MEDIA_EXTRA'];

/** For what the app itself writes; it goes when the process does. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'nestjs-range-'));

process.once('exit', () => rmSync(SCRATCH, { recursive: true, force: true }));
