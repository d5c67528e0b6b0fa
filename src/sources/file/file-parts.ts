import type { ByteRange } from '../../http/ranges/byte-range.js';
import type { FileLease } from '../descriptors/descriptor-cache.js';
import type { FileVersion } from '../descriptors/open-descriptor.js';
import { readAt } from '../descriptors/read-at.js';
import { SourceChangedError, SourceLengthError } from '../source-errors.js';
import type { Representation } from '../source.js';

/** A part of a file: the position of its first byte, and memory to read it into. */
export interface FilePart {
  readonly firstPos: number;
  readonly target: Uint8Array;
}

/** The bytes of a file that `open` reads; positions inclusive. */
export interface FileWindow extends ByteRange {
  readonly lease: FileLease;
  readonly open: Representation['open'];
  readonly close: () => void;
}

export const FILE_WINDOW = Symbol('the window of a file');

export interface FileRepresentation extends Representation {
  readonly [FILE_WINDOW]: FileWindow;
}

/** The file version of a representation; `undefined` if it is not a file. */
export function fileVersionOf(representation: Representation | FileRepresentation): FileVersion | undefined {
  return FILE_WINDOW in representation ? representation[FILE_WINDOW].lease.version : undefined;
}

/** The window that may be read directly instead of through `open`; `undefined` if there is none, or `open` was replaced. */
export function fileWindowOf(representation: Representation | FileRepresentation): FileWindow | undefined {
  if (!(FILE_WINDOW in representation)) return undefined;
  const window = representation[FILE_WINDOW];
  return window.open === representation.open ? window : undefined;
}

/**
 * Reads parts of a file in parallel: one after another would take twice as long. Settles when all reads have ended.
 *
 * @throws SourceLengthError if a part lies outside the window
 * @throws SourceChangedError if the file is no longer the leased version, so that two versions are never mixed
 */
export async function readFileParts(window: FileWindow, parts: readonly FilePart[]): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => readPart(window, part)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const { lease } = window;
  const pieces = parts.map(({ firstPos, target }) => ({ position: window.firstPos + firstPos, bytes: target }));
  if (!(await lease.covers(pieces))) throw new SourceChangedError(`${lease.path} was written to while it was read`);
}

async function readPart(window: FileWindow, { firstPos, target }: FilePart): Promise<void> {
  const { lease } = window;
  let position = window.firstPos + firstPos;
  const end = position + target.byteLength;
  if (end - 1 > window.lastPos)
    throw new SourceLengthError(`${lease.path} ends before byte ${end - 1}, which was planned`);
  for (let rest = target; rest.byteLength > 0; rest = target.subarray(target.byteLength - (end - position))) {
    const bytes = await readAt(lease.fd, rest, position);
    if (bytes === 0) throw new SourceChangedError(`${lease.path} ended at byte ${position}`);
    position += bytes;
  }
}
