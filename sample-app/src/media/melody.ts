/** Samples a second; each of two bytes. */
const RATE = 24_000;
const SECONDS = 60;
const NOTES_PER_SECOND = 4;
const SAMPLES_PER_NOTE = Math.floor(RATE / NOTES_PER_SECOND);
const HEAD_LENGTH = 44;

/** Chords of a cadence in Hz, each plucked up and down for two seconds. */
const CHORDS = [
  [220.0, 261.63, 329.63, 440.0],
  [174.61, 220.0, 261.63, 349.23],
  [130.81, 196.0, 261.63, 329.63],
  [146.83, 196.0, 246.94, 392.0],
] as const;
const ORDER = [0, 1, 2, 3, 3, 2, 1, 0] as const;

const SAMPLES = NOTES_PER_SECOND * SECONDS * SAMPLES_PER_NOTE;

/** In bytes. */
export const MELODY_LENGTH = HEAD_LENGTH + 2 * SAMPLES;

/** A minute of plucked strings as WAV, note by note as it is computed. */
export function* melody(): Generator<Uint8Array> {
  yield wavHead(SAMPLES);
  for (let note = 0; note < NOTES_PER_SECOND * SECONDS; note++) yield pluck(pitchOf(note));
}

function pitchOf(note: number): number {
  const chord = CHORDS[Math.floor(note / ORDER.length) % CHORDS.length] ?? CHORDS[0];
  return chord[ORDER[note % ORDER.length] ?? 0];
}

function pluck(pitch: number): Uint8Array {
  const bytes = Buffer.alloc(2 * SAMPLES_PER_NOTE);
  for (let sample = 0; sample < SAMPLES_PER_NOTE; sample++) {
    const second = sample / RATE;
    const attack = Math.min(1, second * 200);
    const release = Math.min(1, (SAMPLES_PER_NOTE - sample) / 200);
    const wave = [1, 2, 3, 5].reduce((sum, overtone) => sum + tone(second, pitch, overtone), 0);
    bytes.writeInt16LE(Math.round(9000 * attack * release * wave), 2 * sample);
  }
  return bytes;
}

/** Higher overtones are softer, and die away sooner. */
function tone(second: number, pitch: number, overtone: number): number {
  return (Math.sin(2 * Math.PI * pitch * overtone * second) * Math.exp(-4 * overtone * second)) / overtone;
}

function wavHead(samples: number): Uint8Array {
  const head = Buffer.alloc(HEAD_LENGTH);
  const [channels, bytesPerSample] = [1, 2];
  const dataLength = samples * bytesPerSample;
  head.write('RIFF', 0);
  head.writeUInt32LE(HEAD_LENGTH - 8 + dataLength, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * bytesPerSample, 28);
  head.writeUInt16LE(bytesPerSample, 32);
  head.writeUInt16LE(8 * bytesPerSample, 34);
  head.write('data', 36);
  head.writeUInt32LE(dataLength, 40);
  return head;
}
