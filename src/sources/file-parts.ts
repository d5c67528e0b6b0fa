import { read } from 'node:fs';
import type { ByteRange } from '../http/byte-range.js';
import type { FileLease } from './file-handles.js';
import { SourceChangedError, SourceLengthError } from './source-errors.js';
import type { Representation } from './source.js';

/** Octets of a file by the position of the first, and memory for them. */
export interface FilePart {
  readonly firstPos: number;
  readonly target: Uint8Array;
}

/** What `open` opens, where that is a file: positions inclusive. */
export interface FileWindow extends ByteRange {
  readonly lease: FileLease;
  readonly open: Representation['open'];
}

export const FILE_WINDOW = Symbol('the window of a file');

export interface FileRepresentation extends Representation {
  readonly [FILE_WINDOW]: FileWindow;
}

/** The window whose parts may be read in place of what `open` gives; `undefined` where there is none, or `open` was wrapped. */
export function fileWindowOf(representation: Representation | FileRepresentation): FileWindow | undefined {
  if (!(FILE_WINDOW in representation)) return undefined;
  const window = representation[FILE_WINDOW];
  return window.open === representation.open ? window : undefined;
}

/**
 * Reads parts of a file side by side: one that is awaited before the next is begun costs twice as much. Settles when nothing is
 * read any more.
 *
 * @throws SourceLengthError where a part does not lie in the window
 * @throws SourceChangedError where the file is no longer the leased version: nobody takes a mixture of two for either
 */
export async function readFileParts(window: FileWindow, parts: readonly FilePart[]): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => readPart(window, part)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const { lease } = window;
  if (!(await lease.isUnchanged())) throw new SourceChangedError(`${lease.path} was written to while it was read`);
}

async function readPart(window: FileWindow, { firstPos, target }: FilePart): Promise<void> {
  const { lease } = window;
  let position = window.firstPos + firstPos;
  const end = position + target.byteLength;
  if (end - 1 > window.lastPos) throw new SourceLengthError(`${lease.path} ends before octet ${end - 1}, which is due`);
  for (let rest = target; rest.byteLength > 0; rest = target.subarray(target.byteLength - (end - position))) {
    const octets = await readAt(lease.fd, rest, position);
    if (octets === 0) throw new SourceChangedError(`${lease.path} ended at octet ${position}`);
    position += octets;
  }
}

function readAt(fd: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, target.byteLength, position, (error, octets) => {
      if (error === null) resolve(octets);
      else reject(error);
    });
  });
}
