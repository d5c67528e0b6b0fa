import type { RepresentationMetadata } from '../../http/representation.js';
import { fileHandles, type FileLease } from '../descriptors/descriptor-cache.js';
import { isSettled, toMs } from '../descriptors/settled-version.js';
import { fileRepresentation } from '../file/file-source.js';
import { codeOf, SourceChangedError } from '../source-errors.js';
import type { Representation } from '../source.js';
import { type Generate, Generation } from './generation.js';
import { SpoolPart } from './spool-part.js';
import { Spool, type SpooledFile } from './spool.js';

/** Content to find in a spool, or to generate. */
export interface Order {
  /** Name of the content. */
  readonly name: string;
  readonly generate: Generate;
  readonly type: string | undefined;
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly abandonAfterMs: number;
}

/** The content of one directory: complete, or being generated, once at a time. */
export class Generations {
  /** By name of the content. `undefined`: it was found in the spool. */
  private readonly running = new Map<string, Promise<Generation | undefined>>();

  constructor(private readonly spool: Spool) {}

  /** Resolves existing content with its size, and content being generated without. */
  async resolve(order: Order): Promise<Representation> {
    const found = await this.representFound(order);
    if (found !== undefined) return found;
    const generation = await this.obtain(order);
    if (generation?.file !== undefined) return this.represent(generation.file, order);
    if (generation?.isComplete === false) return this.representUnsized(generation, order);
    const foundNow = await this.representFound(order);
    if (foundNow === undefined) throw new SourceChangedError(`${order.name} disappeared from ${this.spool.directory}`);
    return foundNow;
  }

  private obtain(order: Order): Promise<Generation | undefined> {
    const known = this.running.get(order.name);
    if (known !== undefined) return known;
    const beginning = this.begin(order);
    this.running.set(order.name, beginning);
    const forget = (): unknown => this.running.delete(order.name);
    beginning.then((generation) => generation ?? forget(), forget); // a generation is removed when it ends
    return beginning;
  }

  /** Looks into the directory first: another process, or this one before a restart, may have generated it. */
  private async begin(order: Order): Promise<Generation | undefined> {
    const { name, generate, maxBytes, ttlMs, abandonAfterMs } = order;
    await this.spool.refresh();
    if (this.spool.find(name, ttlMs) !== undefined) return undefined;
    const part = await SpoolPart.create(this.spool, name, maxBytes);
    return new Generation(part, generate, abandonAfterMs, () => this.running.delete(name));
  }

  private representUnsized(generation: Generation, order: Order): Representation {
    const release = generation.hold();
    return {
      ...metadataOf(generation, order),
      open: (range, signal) => generation.read(range, signal),
      whenSized: async (signal) => {
        await generation.whenComplete(signal);
        return this.representHeld(generation, order);
      },
      close: release,
    };
  }

  /** Represents a complete generation, by its open descriptor if its file has disappeared. */
  private async representHeld(generation: Generation, order: Order): Promise<Representation> {
    try {
      if (generation.file !== undefined) return await this.represent(generation.file, order);
    } catch {
      // use the open descriptor
    }
    return representOpen(generation, order);
  }

  private async representFound(order: Order): Promise<Representation | undefined> {
    const file = this.spool.find(order.name, order.ttlMs);
    if (file === undefined) return undefined;
    try {
      return await this.represent(file, order);
    } catch (error) {
      if (!isGone(error)) throw error;
      return undefined;
    }
  }

  /** @throws SourceChangedError if the file was removed, which can happen at any time, or was truncated */
  private async represent(file: SpooledFile, order: Order): Promise<Representation> {
    const lease = await this.lease(file);
    const lastModified = isSettled(lease.version) ? new Date(toMs(lease.version.mtimeNs)) : undefined;
    const window = { firstPos: 0, lastPos: file.size - 1 };
    return fileRepresentation(lease, window, { ...metadataOf(file, order), lastModified });
  }

  private async lease(file: SpooledFile): Promise<FileLease> {
    try {
      const lease = await fileHandles.lease(file.path);
      if (lease.version.size === file.size) return lease;
      lease.release();
    } catch (error) {
      if (codeOf(error) !== 'SOURCE_NOT_FOUND') throw error;
    }
    await this.spool.remove(file);
    throw new SourceChangedError(`${file.path} was removed or truncated`);
  }
}

/** A complete generation whose file has no name any more, so that only its holders can read it. */
function representOpen(generation: Generation, order: Order): Representation {
  return {
    ...metadataOf(generation, order),
    size: generation.size,
    isExact: true,
    open: (range, signal) => generation.read(range, signal),
    close: generation.hold(),
  };
}

/** The tag identifies one generation, so it is strong, and known from the start. */
function metadataOf({ tag }: { readonly tag: string }, { type }: Order): Pick<RepresentationMetadata, 'etag' | 'type'> {
  return { etag: `"${tag}"`, type };
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_CHANGED';
}

const byDirectory = new Map<string, Generations>();

/** Shared by all sources over a directory, because its limit and running generations are shared. */
export function generationsIn(directory: string): Generations {
  const known = byDirectory.get(directory);
  if (known !== undefined) return known;
  const generations = new Generations(new Spool(directory));
  byDirectory.set(directory, generations);
  return generations;
}
