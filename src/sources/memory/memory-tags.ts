import { createHash, webcrypto } from 'node:crypto';
import { types } from 'node:util';
import { entityTag } from '../content-tags/content-hash.js';

/** Bytes per hash operation in the thread pool. */
const CHUNK = 1024 * 1024;

/** The entity tag of a few bytes, computed synchronously. */
export function tagOfBytes(bytes: Uint8Array): string {
  return entityTag(createHash('sha256').update(bytes).digest('base64url'));
}

/** The entity tag of many bytes, hashed off the main thread. */
export function tagOfMemory(bytes: Uint8Array): Promise<string> {
  const isShared = types.isSharedArrayBuffer(bytes.buffer); // not accepted by Web Crypto
  return tagOfChunks(bytes.byteLength, (from, to) => {
    return isShared ? Buffer.from(bytes.subarray(from, to)) : bytes.subarray(from, to);
  });
}

/** Tags by Blob: Blobs never change. */
const tagsOfBlobs = new WeakMap<Blob, Promise<string | undefined>>();

/** The entity tag of a Blob; `undefined` if it cannot be read (a changed file), which reading its content will report. */
export function tagOfBlob(blob: Blob): Promise<string | undefined> {
  const known = tagsOfBlobs.get(blob);
  if (known !== undefined) return known;
  const made = tagOfChunks(blob.size, (from, to) => blob.slice(from, to).arrayBuffer()).catch(() => undefined);
  tagsOfBlobs.set(blob, made);
  return made;
}

type Part = Uint8Array | ArrayBuffer;

async function tagOfChunks(size: number, read: (from: number, to: number) => Part | Promise<Part>): Promise<string> {
  const total = createHash('sha256');
  for (let from = 0; from < size; from += CHUNK) {
    const part = (await read(from, Math.min(from + CHUNK, size))) as ArrayBuffer; // the types do not know views of it
    total.update(new Uint8Array(await webcrypto.subtle.digest('SHA-256', part)));
  }
  return entityTag(total.digest('base64url'));
}
