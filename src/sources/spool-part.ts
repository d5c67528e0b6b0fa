import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, SourceChangedError, SourceLengthError, SourceUnavailableError } from './source-errors.js';
import { type Spool, type SpooledFile, TOUCH_EVERY_MS } from './spool.js';
import { completeFileName, newTag, partFileName } from './spool-names.js';

/** A file of a spool that is being made. It can be read as far as it was written, also when it has got its name. */
export class SpoolPart {
  private readonly touching = setInterval(() => this.touch(), TOUCH_EVERY_MS).unref();
  private touched: Promise<void> | undefined;
  private written = 0;

  /**
   * Creates the file. The caller ends it by `publish` or `discard`, and closes it.
   *
   * @param name of the content
   * @param maxOctets bounds the whole spool
   */
  static async create(spool: Spool, name: string, maxOctets: number): Promise<SpoolPart> {
    const tag = newTag();
    const fileName = partFileName(name, tag);
    spool.reserve(fileName, 0, Infinity); // known before it is seen in the directory
    try {
      const handle = await open(join(spool.directory, fileName), 'wx+', 0o600);
      return new SpoolPart(spool, name, tag, fileName, handle, maxOctets);
    } catch (error) {
      spool.letGo(fileName);
      throw error;
    }
  }

  private constructor(
    private readonly spool: Spool,
    private readonly name: string,
    /** Of this generation. */
    readonly tag: string,
    private readonly fileName: string,
    private readonly handle: FileHandle,
    private readonly maxOctets: number,
  ) {}

  /** In octets: how much of it can be read. */
  get size(): number {
    return this.written;
  }

  /**
   * Appends octets. One call at a time.
   *
   * @throws SourceLengthError where it alone is larger than a spool may be
   * @throws SourceUnavailableError where others that are being made leave no room
   */
  async write(octets: Uint8Array): Promise<void> {
    const { directory } = this.spool;
    if (this.written + octets.byteLength > this.maxOctets) {
      throw new SourceLengthError(
        `what was generated has more than the ${this.maxOctets} octets (maxOctets) that ${directory} may hold`,
      );
    }
    if (!this.spool.reserve(this.fileName, octets.byteLength, this.maxOctets)) {
      throw new SourceUnavailableError(`${directory} is full of what is being generated: ${this.maxOctets} octets`);
    }
    for (let at = 0; at < octets.byteLength;) {
      const { bytesWritten } = await this.handle.write(octets, at, octets.byteLength - at, this.written + at);
      at += bytesWritten;
    }
    this.written += octets.byteLength;
  }

  /** Reads at most `length` octets that were written, from `position` on. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await this.handle.read(buffer, 0, length, position);
    if (bytesRead === 0) throw new SourceChangedError(`${this.path} ended at octet ${position}`);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Gives the file the name of a complete one.
   *
   * @throws SourceChangedError where somebody has removed it meanwhile
   */
  async publish(): Promise<SpooledFile> {
    clearInterval(this.touching);
    await this.touched; // from now on nothing changes its time of modification
    const { mtimeMs: madeAt } = await this.handle.stat();
    const { spool, name, tag, written: size } = this;
    const path = join(spool.directory, completeFileName(name, tag, size));
    try {
      await rename(this.path, path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new SourceChangedError(`${this.path} was removed while it was made`, { cause: error });
    }
    const file = { name, tag, path, size, madeAt };
    spool.letGo(this.fileName);
    spool.add(file);
    return file;
  }

  /** Removes the file. Nobody may read it any more. */
  async discard(): Promise<void> {
    clearInterval(this.touching);
    await unlink(this.path).catch(() => {}); // where it is gone already, or stays: the next process finds it
    this.spool.letGo(this.fileName);
    await this.close();
  }

  /** Closes the descriptor when what is under way on it has ended. */
  async close(): Promise<void> {
    await this.handle.close().catch(() => {}); // what a late write has to say concerns nobody
  }

  private get path(): string {
    return join(this.spool.directory, this.fileName);
  }

  private touch(): void {
    const now = new Date();
    this.touched = this.handle.utimes(now, now).catch(() => {}); // the next time may do
  }
}
