import { read } from 'node:fs';

/** Reads once; resolves to the number of bytes read, 0 at the end of the file. */
export function readAt(fd: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, target.byteLength, position, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}
