import { rmSync } from 'node:fs';

/** After all specs. */
export default function removeMedia() {
  rmSync(process.env.PLAYERS_MEDIA, { recursive: true });
}
