import { setTimeout as pause } from 'node:timers/promises';

/** Stands for an engine that makes speech: a tone for each letter, as fast as an engine is. */
export async function* synthesise(text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (const letter of text) {
    await pause(5, undefined, { signal });
    const pitch = letter.charCodeAt(0) / 1000;
    yield Uint8Array.from({ length: 4000 }, (_, i) => 128 + Math.round(100 * Math.sin(i * pitch)));
  }
}
