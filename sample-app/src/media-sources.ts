import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bytesSource, fileSource, generatedSource, httpSource, type RangeSource } from 'nestjs-range';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MEDIA, MEDIA_TYPES, SCRATCH } from './folders.js';
import { melody } from './melody.js';
import { S3_BUCKET, type S3Bucket } from './s3-bucket.js';
import { paced, slowly, wholeOf } from './slowly.js';

/** Fourteen seconds for the clip: a minute of it plays while it is made. */
const GENERATED_OCTETS_PER_SECOND = 300_000;
const GENERATED_AT_MOST = 128 * 1024 ** 2;
const MELODY = 'melody.wav';

/** Where the media can come from. */
@Injectable()
export class MediaSources {
  private readonly inMemory = new Map<string, Promise<RangeSource>>();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(S3_BUCKET) private readonly bucket: S3Bucket | undefined,
  ) {}

  /** The first segments of the paths by which the media can be fetched now. */
  get available(): string[] {
    return ['media', 'memory', 'generated', 'upstream', ...(this.bucket === undefined ? [] : ['s3'])];
  }

  disk(name: string): RangeSource {
    return fileSource(name, { root: MEDIA });
  }

  /** Read when it is first asked for, and kept. */
  memory(name: string): Promise<RangeSource> {
    const type = MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    const source = this.inMemory.get(name) ?? readIntoMemory(name, type);
    this.inMemory.set(name, source);
    return source;
  }

  /**
   * Made for each page that asks, slowly: the melody is computed, and the others stand for what an encoder would give.
   *
   * @param page whoever it is made for
   */
  generated(name: string, page: string): RangeSource {
    const type = name === MELODY ? 'audio/wav' : MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    return generatedSource({
      key: JSON.stringify([page, name]),
      generate: (signal) =>
        name === MELODY
          ? paced(melody(), GENERATED_OCTETS_PER_SECOND, signal)
          : wholeOf(slowly(this.disk(name), GENERATED_OCTETS_PER_SECOND), signal),
      type,
      dir: join(SCRATCH, 'generated'),
      maxOctets: GENERATED_AT_MOST,
    });
  }

  /** Another server, MEDIA_UPSTREAM=https://media.example/files; by default this one, asked over HTTP. */
  upstream(name: string): RangeSource {
    if (!/^\w[\w .-]*$/.test(name)) throw new NotFoundException();
    const { port }: AddressInfo = this.adapterHost.httpAdapter.getHttpServer().address();
    const origin = process.env['MEDIA_UPSTREAM'] ?? `http://127.0.0.1:${port}/media`;
    return httpSource(`${origin}/${encodeURIComponent(name)}`);
  }

  s3(name: string): RangeSource {
    if (this.bucket === undefined) throw new NotFoundException('S3 is off: set S3_BUCKET');
    return this.bucket(name);
  }
}

async function readIntoMemory(name: string, type: string): Promise<RangeSource> {
  const path = join(MEDIA, name);
  const [bytes, { mtime }] = await Promise.all([readFile(path), stat(path)]);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  return bytesSource(bytes, { type, etag, lastModified: mtime });
}
