import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { destroyQuietly } from '../../stream/releasable-bytes.js';

/** Resolves with an error if the file has been replaced or deleted. */
type Check = () => Promise<Error | undefined>;

/**
 * The content of a GridFS stream. The driver reads a file's document and then its chunks, one by one, during which the file
 * may be replaced: so the last of several chunks is held back until `check` has found that it was not. A file that has become
 * empty emits no document at all. Destroys the stream and closes its cursor when reading ends in any way.
 */
export function checkedContent(stream: Readable & { abort?(): Promise<void> }, check: Check): Readable {
  const content = new HeldBack(check);
  stream.on('error', (error) => void failWith(error, content, check));
  content.once('close', () => {
    destroyQuietly(stream);
    stream.abort?.().catch(() => {}); // the cursor may be closed already, or its server gone
  });
  return stream.pipe(content);
}

/** A replaced file is a better explanation for the driver's errors about chunks or positions beyond the end. */
async function failWith(failure: Error, content: Readable, check: Check): Promise<void> {
  let reason: Error | undefined;
  try {
    if (isOfFile(failure)) reason = await check();
  } catch {
    // The driver's first error is closer to the cause.
  }
  content.destroy(reason ?? failure);
}

/** Whether an error is about the file. ENOENT with a `syscall` is about a file of the client's configuration. */
function isOfFile(error: Error & { readonly code?: unknown; readonly syscall?: unknown }): boolean {
  if (/^Mongo(?:GridFSChunk|InvalidArgument|Runtime)Error$/.test(error.name)) return true;
  return error.code === 'ENOENT' && error.syscall === undefined;
}

class HeldBack extends Transform {
  private count = 0;
  private last: Uint8Array | undefined;

  constructor(private readonly check: Check) {
    super();
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, callback: TransformCallback): void {
    const before = this.last;
    this.last = chunk;
    this.count++;
    callback(null, before);
  }

  override _flush(callback: TransformCallback): void {
    if (this.count === 1) callback(null, this.last);
    else this.check().then((reason) => callback(reason ?? null, this.last), callback);
  }
}
