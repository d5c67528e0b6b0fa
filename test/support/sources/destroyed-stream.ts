import { Readable } from 'node:stream';

/** A stream that fails when it is first read, as those of the stores' clients do. */
export function destroyedWith(error: Error): Readable {
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}
