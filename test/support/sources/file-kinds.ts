import { StreamableFile } from '@nestjs/common';
import { bytesSource, fileSource, RangedFile, streamSource } from 'nestjs-range';
import { createReadStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type FixtureDirectory, pseudoRandomBytes } from './fixtures.js';

/** The same bytes as a file, inside a larger file, and in memory. */
export interface Medium {
  readonly directory: string;
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
  /** A file that holds the bytes from `windowStart` on, between others. */
  readonly windowPath: string;
}

const WINDOW_START = 131;

export function createMedium(fixtures: FixtureDirectory, size: number): Medium {
  const bytes = pseudoRandomBytes(size, (size % 251) + 1);
  const around = pseudoRandomBytes(WINDOW_START, 99);
  fixtures.write(`clip-${size}.mp4`, bytes);
  fixtures.write(`around-${size}.mp4`, Buffer.concat([around, bytes, around]));
  return mediumOf(fixtures.path, size);
}

/** The medium that `createMedium` has created in a directory. */
export function mediumOf(directory: string, size: number): Medium {
  const name = `clip-${size}.mp4`;
  const path = join(directory, name);
  return { bytes: readFileSync(path), directory, name, path, windowPath: join(directory, `around-${size}.mp4`) };
}

/** A way in which a handler may return a medium. */
export interface FileKind {
  readonly name: string;
  /** Whether its bytes can be read in any order; otherwise ranges that go backwards are answered with all of it. */
  readonly isSeekable: boolean;
  make(medium: Medium): StreamableFile | Promise<StreamableFile>;
}

export const FILE_KINDS: readonly FileKind[] = [
  {
    name: 'StreamableFile(createReadStream)',
    isSeekable: true,
    make: ({ path }) => new StreamableFile(createReadStream(path)),
  },
  {
    name: 'StreamableFile(createReadStream with start and end)',
    isSeekable: true,
    // A window over nothing cannot be written with an inclusive `end`.
    make: ({ windowPath, path, bytes }) =>
      new StreamableFile(
        bytes.length === 0
          ? createReadStream(path, { start: 0 })
          : createReadStream(windowPath, { start: WINDOW_START, end: WINDOW_START + bytes.length - 1 }),
      ),
  },
  {
    name: 'StreamableFile(createReadStream behind the end of the file)',
    isSeekable: true,
    make: ({ path, bytes }) => new StreamableFile(createReadStream(path, { start: 0, end: bytes.length + 4096 })),
  },
  {
    name: 'StreamableFile(Buffer)',
    isSeekable: true,
    make: ({ bytes }) => new StreamableFile(bytes),
  },
  {
    name: 'StreamableFile(Readable with a length)',
    isSeekable: false,
    make: ({ bytes }) => new StreamableFile(inPieces(bytes), { length: bytes.length }),
  },
  {
    name: 'StreamableFile(FileHandle.createReadStream from 0)',
    isSeekable: false,
    make: async ({ path }) => new StreamableFile((await open(path)).createReadStream({ start: 0 })),
  },
  {
    name: 'StreamableFile(FileHandle.createReadStream with a length)',
    isSeekable: false,
    make: async ({ path, bytes }) =>
      new StreamableFile((await open(path)).createReadStream(), { length: bytes.length }),
  },
  {
    name: 'RangedFile(fileSource)',
    isSeekable: true,
    make: ({ path }) => new RangedFile(fileSource(path)),
  },
  {
    name: 'RangedFile(fileSource below a root)',
    isSeekable: true,
    make: ({ directory, name }) => new RangedFile(fileSource(name, { root: directory })),
  },
  {
    name: 'RangedFile(bytesSource of a Buffer)',
    isSeekable: true,
    make: ({ bytes }) => new RangedFile(bytesSource(bytes)),
  },
  {
    name: 'RangedFile(bytesSource of a Uint8Array within a larger ArrayBuffer)',
    isSeekable: true,
    make: ({ bytes }) => {
      const larger = new Uint8Array(bytes.length + 20).fill(0xee);
      larger.set(bytes, 10);
      return new RangedFile(bytesSource(larger.subarray(10, 10 + bytes.length)));
    },
  },
  {
    name: 'RangedFile(bytesSource of a Blob)',
    isSeekable: true,
    make: ({ bytes }) => new RangedFile(bytesSource(new Blob([bytes]))),
  },
  {
    name: 'RangedFile(streamSource with a size)',
    isSeekable: false,
    make: ({ bytes }) => new RangedFile(streamSource(inPieces(bytes), { size: bytes.length })),
  },
  {
    name: 'RangedFile(a source of the app)',
    isSeekable: true,
    make: ({ bytes }) =>
      new RangedFile({
        resolve: () => ({
          size: bytes.length,
          async *open(range) {
            const asked = range === undefined ? bytes : bytes.subarray(range.firstPos, range.lastPos + 1);
            for (let at = 0; at < asked.length; at += 777) yield asked.subarray(at, at + 777);
          },
        }),
      }),
  },
];

/** A stream that cannot seek, in chunks that no range respects. */
export function inPieces(bytes: Buffer, pieceSize = 613): Readable {
  let at = 0;
  return new Readable({
    read() {
      const piece = bytes.subarray(at, at + pieceSize);
      at += piece.length;
      this.push(piece.length === 0 ? null : piece);
    },
  });
}
