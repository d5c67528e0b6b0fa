import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { bytesSource, fileSource, generatedSource, httpSource, type RangeSource } from 'nestjs-range';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MEDIA, MEDIA_TYPES, SCRATCH } from '../folders.js';
import { Traffic } from '../traffic/traffic.js';
import { make, MELODY } from './making.js';
import { S3_BUCKET, type S3Bucket } from './s3-bucket.js';

const GENERATED_AT_MOST = 128 * 1024 ** 2;

/** Where the media can come from. */
@Injectable()
export class MediaSources {
  private readonly inMemory = new Map<string, Promise<RangeSource>>();

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly traffic: Traffic,
    @Inject(S3_BUCKET) private readonly bucket: S3Bucket | undefined,
  ) {}

  /** The first segments of the paths by which the media can be fetched now. */
  get available(): string[] {
    return ['media', 'memory', 'generated', 'upstream', ...(this.bucket === undefined ? [] : ['s3'])];
  }

  disk(name: string): RangeSource {
    return fileSource(name, { root: MEDIA });
  }

  /** Read by the first request, and kept. */
  memory(name: string): Promise<RangeSource> {
    const type = MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    const source = this.inMemory.get(name) ?? readIntoMemory(name, type);
    this.inMemory.set(name, source);
    return source;
  }

  /**
   * Made once for each page.
   *
   * @param page hears how much is made
   */
  generated(name: string, page: string): RangeSource {
    const type = name === MELODY ? 'audio/wav' : MEDIA_TYPES.get(name);
    if (type === undefined) throw new NotFoundException();
    return generatedSource({
      key: JSON.stringify([page, name]),
      generate: (signal) => make(name, (making) => this.traffic.tellMaking(page, making), signal),
      type,
      dir: join(SCRATCH, 'generated'),
      maxBytes: GENERATED_AT_MOST,
    });
  }

  /** Another server, MEDIA_UPSTREAM=https://media.example/files; by default this one, over HTTP. */
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
