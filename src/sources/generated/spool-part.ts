import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, SourceChangedError, SourceLengthError, SourceUnavailableError } from '../source-errors.js';
import { TOUCH_EVERY_MS } from './abandoned-files.js';
import { RETRY_AFTER_SECONDS } from './spool-errors.js';
import { completeFileName, newTag, partFileName } from './spool-names.js';
import { ownerOfThisProcess } from './spool-owner.js';
import { believedTime, makeDirectory, type Spool, type SpooledFile, toSpooledFile } from './spool.js';

/** A file of a spool that is being generated. It can be read as far as it was written, and after it was published. */
export class SpoolPart {
  private readonly touching = setInterval(() => this.touch(), TOUCH_EVERY_MS).unref();
  private touched: Promise<void> | undefined;
  private written = 0;

  /**
   * Creates the file. The caller must call `publish` or `discard`, and close it.
   *
   * @param name name of the content
   * @param maxBytes limit of the whole spool
   * @throws SourceUnavailableError if the disk cannot store it at the moment
   */
  static async create(spool: Spool, name: string, maxBytes: number): Promise<SpoolPart> {
    const tag = newTag();
    const fileName = partFileName(name, tag, ownerOfThisProcess());
    spool.begin(fileName);
    try {
      const handle = await spool.onDisk(1, () => createFile(spool.directory, fileName));
      return new SpoolPart(spool, name, tag, fileName, handle, maxBytes);
    } catch (error) {
      spool.unreserve(fileName);
      throw error;
    }
  }

  private constructor(
    private readonly spool: Spool,
    private readonly name: string,
    /** Tag of this generation. */
    readonly tag: string,
    private readonly fileName: string,
    private readonly handle: FileHandle,
    private readonly maxBytes: number,
  ) {}

  /** Bytes that can be read so far. */
  get size(): number {
    return this.written;
  }

  /**
   * Appends bytes. One call at a time.
   *
   * @throws SourceLengthError if this file alone exceeds the limit of the spool
   * @throws SourceUnavailableError if other files being generated leave no room, or the disk is full
   */
  async write(bytes: Uint8Array): Promise<void> {
    const { directory } = this.spool;
    if (this.written + bytes.byteLength > this.maxBytes) {
      throw new SourceLengthError(
        `the generated content exceeds the ${this.maxBytes} bytes (maxBytes) that ${directory} may hold`,
      );
    }
    if (!(await this.spool.reserve(this.fileName, bytes.byteLength, this.maxBytes))) {
      throw new SourceUnavailableError(
        `${directory} is full of content that is being generated: ${this.maxBytes} bytes`,
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      );
    }
    for (let at = 0; at < bytes.byteLength;) {
      const left = bytes.byteLength - at;
      at += await this.spool.onDisk(left, async () => {
        const { bytesWritten } = await this.handle.write(bytes, at, left, this.written + at);
        return bytesWritten;
      });
    }
    this.written += bytes.byteLength;
  }

  /** Reads at most `length` written bytes from `position` on. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await this.handle.read(buffer, 0, length, position);
    if (bytesRead === 0) throw new SourceChangedError(`${this.path} ended at byte ${position}`);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Renames the file to that of complete content. `undefined`: this failed, and only open descriptors can read it.
   */
  async publish(): Promise<SpooledFile | undefined> {
    clearInterval(this.touching);
    await this.touched; // nothing changes the modification time any more
    const { spool, name, tag, written: size } = this;
    const now = Date.now();
    await this.handle.utimes(now / 1000, now / 1000).catch(() => {}); // the time set by the file system will do
    // As other processes read it, which may differ by a fraction: of two files, all must keep the same.
    const madeAt = await this.handle.stat().then(believedTime, () => now);
    const path = join(spool.directory, completeFileName(name, tag, size));
    try {
      await spool.onDisk(1, () => rename(this.path, path));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.warnOf(error); // ENOENT: the directory was emptied
      await this.unlink();
      return undefined;
    } finally {
      spool.unreserve(this.fileName);
    }
    const file = toSpooledFile({ name, tag, path, size }, madeAt);
    spool.add(file);
    void spool.refreshAnew().catch(() => {}); // the next scan reports what is wrong
    return file;
  }

  /** Removes the file, which must no longer be read. */
  async discard(): Promise<void> {
    clearInterval(this.touching);
    await this.unlink();
    this.spool.unreserve(this.fileName);
    await this.close();
  }

  /** Closes the descriptor after pending operations. */
  async close(): Promise<void> {
    await this.handle.close().catch(() => {}); // errors of late writes do not matter
  }

  private get path(): string {
    return join(this.spool.directory, this.fileName);
  }

  /** If this fails, a later scan finds the file abandoned. */
  private async unlink(): Promise<void> {
    await unlink(this.path).catch(() => {});
  }

  /** Warns because readers receive the bytes all the same, so the failure would go unnoticed. */
  private warnOf(error: unknown): void {
    process.emitWarning(`generatedSource: ${this.path} cannot be kept: ${String(error)}`, 'GeneratedSourceWarning');
  }

  private touch(): void {
    const now = new Date();
    this.touched = this.handle.utimes(now, now).catch(() => {}); // the next touch may succeed
  }
}

/** Creates a file, and its directory if it was removed meanwhile. */
async function createFile(directory: string, fileName: string): Promise<FileHandle> {
  const create = (): Promise<FileHandle> => open(join(directory, fileName), 'wx+', 0o600);
  try {
    return await create();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeDirectory(directory);
    return create();
  }
}
