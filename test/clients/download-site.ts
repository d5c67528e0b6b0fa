import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Adapter, startSampleApp } from '../support/apps/sample-app.js';

export const BIG_FILE = 'big.bin';

/** What every client fetches: the sample app's media, and a file of 64 MB. */
export const FILES: readonly string[] = ['clip.mp4', 'tone.mp3', 'book.pdf', BIG_FILE];

/** More bytes than all response heads of one download together. */
export const HEADS_LENGTH = 8_000;

/** The sample app with files to download, and folders to download to. */
export interface DownloadSite {
  /** Its origin. */
  readonly url: string;
  /** The URL path of a file. */
  path(file: string): string;
  /** The path of the file on disk. */
  original(file: string): string;
  /** Makes an empty folder. */
  folder(): Promise<string>;
  /** Ends the app and removes the folders. @throws Error when the app wrote to its standard error */
  close(): Promise<void>;
}

const MEDIA = fileURLToPath(new URL('../../sample-app/media/', import.meta.url));
const BIG_FILE_LENGTH = 64_000_000;

export async function openDownloadSite(adapter: Adapter): Promise<DownloadSite> {
  const root = await mkdtemp(join(tmpdir(), 'nestjs-range-'));
  try {
    return await openDownloadSiteIn(root, adapter);
  } catch (error) {
    await rm(root, { recursive: true });
    throw error;
  }
}

async function openDownloadSiteIn(root: string, adapter: Adapter): Promise<DownloadSite> {
  const extra = join(root, 'extra');
  await mkdir(extra);
  await makeBigFile(join(extra, BIG_FILE));
  const app = await startSampleApp(adapter, { MEDIA_EXTRA: extra });
  return {
    url: app.url,
    path: (file) => (file === BIG_FILE ? `/extra/${file}` : `/download/${file}`),
    original: (file) => join(file === BIG_FILE ? extra : MEDIA, file),
    folder: () => mkdtemp(join(root, 'folder-')),
    close: async () => {
      await app.stop();
      await rm(root, { recursive: true });
      if (app.complaints() !== '') throw new Error(`The sample app complained:\n${app.complaints()}`);
    },
  };
}

/** Bytes without a pattern, but always the same, and old enough for a strong entity tag. */
async function makeBigFile(path: string): Promise<void> {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(1_000_000);
  const file = await open(path, 'w');
  try {
    for (let length = 0; length < BIG_FILE_LENGTH; length += zeros.length) await file.write(stream.update(zeros));
  } finally {
    await file.close();
  }
  await utimes(path, new Date('2026-01-01'), new Date('2026-01-01'));
}

/** A file's length in bytes; 0 where there is none. */
export async function lengthOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.size ?? 0;
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
