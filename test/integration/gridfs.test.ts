import { type Db, GridFSBucket, ObjectId } from 'mongodb';
import { gridFsSource } from 'nestjs-range/gridfs';
import { describeStore, type Store } from './store-suite.js';

type Document = Record<string, unknown>;

/** A cursor that gives its documents one by one, and knows whether it was closed. */
class FakeCursor {
  static open = 0;
  private count = Infinity;
  private position = 0;
  private isOpen = true;

  constructor(private readonly documents: readonly Document[]) {
    FakeCursor.open++;
  }

  sort(): this {
    return this;
  }

  withReadPreference(): this {
    return this;
  }

  limit(count: number): this {
    this.count = count;
    return this;
  }

  async next(): Promise<Document | null> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const document = this.position < this.count ? this.documents[this.position++] : undefined;
    if (document === undefined) await this.close();
    return document ?? null;
  }

  async toArray(): Promise<Document[]> {
    await this.close();
    return this.documents.slice(0, this.count);
  }

  async close(): Promise<void> {
    if (this.isOpen) FakeCursor.open--;
    this.isOpen = false;
  }
}

/** The two collections of a bucket, with the filters that its streams use. */
class FakeDb {
  readonly files = new Map<string, Document>();
  readonly chunks = new Map<string, Document[]>();

  collection(name: string): object {
    const idOf = (filter: Document, field: string): string => {
      const value = filter[field] as { readonly $eq?: { toString(): string }; toString(): string };
      return (value.$eq ?? value).toString();
    };
    if (name.endsWith('.files')) {
      const find = (filter: Document): Document[] => [this.files.get(idOf(filter, '_id')) ?? []].flat();
      return {
        find: (filter: Document) => new FakeCursor(find(filter)),
        findOne: async (filter: Document) => find(filter)[0] ?? null,
      };
    }
    const find = (filter: Document): Document[] => {
      const from = (filter['n'] as { $gte: number } | undefined)?.$gte ?? 0;
      return (this.chunks.get(idOf(filter, 'files_id')) ?? []).filter(({ n }) => (n as number) >= from);
    };
    return { find: (filter: Document) => new FakeCursor(find(filter)) };
  }
}

const CHUNK_SIZE = 255 * 1024;

async function startFake(): Promise<Store> {
  const db = new FakeDb();
  const bucket = new GridFSBucket(db as unknown as Db); // the bucket and its streams are the real ones
  const ids = new Map<string, ObjectId>();
  const idOf = (name: string): ObjectId => {
    const id = ids.get(name) ?? new ObjectId();
    ids.set(name, id);
    return id;
  };
  let uploads = 0;
  return {
    async put(name, bytes) {
      const id = idOf(name);
      const uploadDate = new Date(Date.UTC(2024, 1, 29) + uploads++ * 1000);
      const file = { _id: id, filename: `${name}.mp4`, length: bytes.length, chunkSize: CHUNK_SIZE, uploadDate };
      const count = Math.ceil(bytes.length / CHUNK_SIZE);
      const chunks = Array.from({ length: count }, (_, n) => ({
        files_id: id,
        n,
        data: bytes.subarray(n * CHUNK_SIZE, (n + 1) * CHUNK_SIZE),
      }));
      db.files.set(String(id), file);
      db.chunks.set(String(id), chunks);
    },
    source: (name) => gridFsSource(bucket, idOf(name)),
    inUse: () => FakeCursor.open,
    async stop() {},
  };
}

describeStore("gridFsSource, by MongoDB's driver", startFake);
