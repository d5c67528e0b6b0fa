import { setTimeout as pause } from 'node:timers/promises';

const SAMPLES = 4000; // half a second

/** Stands for your engine: a WAV file with a tone for each letter. */
export async function* synthesise(text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield wavHeader(SAMPLES * text.length);
  for (const letter of text) {
    await pause(5, undefined, { signal });
    const pitch = letter.charCodeAt(0) / 1000;
    yield Uint8Array.from({ length: SAMPLES }, (_, i) => 128 + Math.round(100 * Math.sin(i * pitch)));
  }
}

/** Of 8,000 samples per second, a byte each. */
function wavHeader(samples: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + samples, 4);
  header.write('WAVEfmt ', 8);
  [16, 0x10001, 8000, 8000, 0x80001].forEach((value, i) => header.writeUInt32LE(value, 16 + 4 * i));
  header.write('data', 36);
  header.writeUInt32LE(samples, 40);
  return header;
}
