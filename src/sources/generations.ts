import type { RepresentationMetadata } from '../http/representation.js';
import { fileHandles, type FileLease } from './file-handles.js';
import { fileRepresentation } from './file-source.js';
import { type Generate, Generation } from './generation.js';
import { codeOf, SourceChangedError } from './source-errors.js';
import type { Representation } from './source.js';
import { Spool, type SpooledFile } from './spool.js';
import { SpoolPart } from './spool-part.js';

/** Content that is to be found in a spool, or else to be made. */
export interface Order {
  /** Of the content. */
  readonly name: string;
  readonly generate: Generate;
  readonly type: string | undefined;
  readonly maxOctets: number;
  readonly ttlMs: number;
  readonly abandonAfterMs: number;
}

/** The content of one directory: what lies there, and what is being made, each once at a time. */
export class Generations {
  /** By name of the content. `undefined`: it lay in the spool after all. */
  private readonly running = new Map<string, Promise<Generation | undefined>>();

  constructor(private readonly spool: Spool) {}

  /** Gives what lies there with its size; what has to be made, without, but for those who wait for it. */
  async resolve(order: Order): Promise<Representation> {
    const found = await this.representFound(order);
    if (found !== undefined) return found;
    const generation = await this.obtain(order);
    if (generation?.file !== undefined) return this.represent(generation.file, order);
    if (generation !== undefined) return this.representUnsized(generation, order);
    const foundNow = await this.representFound(order);
    if (foundNow === undefined) throw new SourceChangedError(`${order.name} has gone from ${this.spool.directory}`);
    return foundNow;
  }

  private obtain(order: Order): Promise<Generation | undefined> {
    const known = this.running.get(order.name);
    if (known !== undefined) return known;
    const beginning = this.begin(order);
    this.running.set(order.name, beginning);
    const forget = (): unknown => this.running.delete(order.name);
    beginning.then((generation) => generation ?? forget(), forget); // a generation tells of its end itself
    return beginning;
  }

  /** Another process may have made it, or this one before it was started anew. */
  private async begin(order: Order): Promise<Generation | undefined> {
    const { name, generate, maxOctets, ttlMs, abandonAfterMs } = order;
    await this.spool.refresh();
    if (this.spool.find(name, ttlMs) !== undefined) return undefined;
    const part = await SpoolPart.create(this.spool, name, maxOctets);
    return new Generation(part, generate, abandonAfterMs, () => this.running.delete(name));
  }

  private representUnsized(generation: Generation, order: Order): Representation {
    const release = generation.hold();
    return {
      ...metadataOf(generation, order),
      open: (range, signal) => generation.read(range, signal),
      whenSized: async (signal) => this.represent(await generation.whenComplete(signal), order),
      close: release,
    };
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

  /** @throws SourceChangedError where the file has gone, which it may at any time, or lost octets */
  private async represent(file: SpooledFile, order: Order): Promise<Representation> {
    const lease = await this.lease(file);
    const lastModified = new Date(Number(lease.version.mtimeNs / 1_000_000n));
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
    this.spool.remove(file);
    throw new SourceChangedError(`${file.path} has gone, or lost octets`);
  }
}

/** Octets are those of one generation, whose tag is therefore a strong one, and known from the start. */
function metadataOf({ tag }: { readonly tag: string }, { type }: Order): Pick<RepresentationMetadata, 'etag' | 'type'> {
  return { etag: `"${tag}"`, type };
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'SOURCE_CHANGED';
}

const byDirectory = new Map<string, Generations>();

/** One for all sources over a directory: what they have in common is its bound, and what they make at the same time. */
export function generationsIn(directory: string): Generations {
  const known = byDirectory.get(directory);
  if (known !== undefined) return known;
  const generations = new Generations(new Spool(directory));
  byDirectory.set(directory, generations);
  return generations;
}
