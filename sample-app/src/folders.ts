import { fileURLToPath } from 'node:url';

/** The clip, the tone and the book. */
export const MEDIA = fileURLToPath(new URL('../media/', import.meta.url));

/** The page at `/`. */
export const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url));

/** A folder of your own, from the environment: `MEDIA_EXTRA=~/Videos npm start`. */
export const EXTRA = process.env['MEDIA_EXTRA'];
