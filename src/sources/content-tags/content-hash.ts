import { createHash, webcrypto } from 'node:crypto';
import type { FileLease } from '../descriptors/descriptor-cache.js';
import { readAt } from '../descriptors/read-at.js';

/** Bytes per read and hash operation in the thread pool. */
const CHUNK = 256 * 1024;

/**
 * The entity tag of a file's content: a hash of the hashes of its chunks, only one of which is in memory. `undefined` if the
 * file changes meanwhile, or the signal aborts.
 */
export async function contentTag(lease: FileLease, signal?: AbortSignal): Promise<string | undefined> {
  const { size } = lease.version;
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(size, 1)));
  const total = createHash('sha256');
  for (let position = 0; position < size; position += chunk.byteLength) {
    if (signal?.aborted === true) return undefined;
    const bytes = chunk.subarray(0, Math.min(chunk.byteLength, size - position));
    if (!(await fill(lease.fd, bytes, position))) return undefined;
    total.update(new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes)));
  }
  return (await lease.isUntouched()) ? entityTag(total.digest('base64url')) : undefined;
}

/** Resolves to `false` if the file ends early. */
async function fill(fd: number, target: Uint8Array, position: number): Promise<boolean> {
  for (let filled = 0; filled < target.byteLength;) {
    const bytesRead = await readAt(fd, target.subarray(filled), position + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

/** Formats a base64url hash as an entity tag. 22 characters (132 bits) make accidental collisions impossible in practice. */
export function entityTag(hash: string): string {
  return `"${hash.slice(0, 22)}"`;
}
