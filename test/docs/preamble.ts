/** What the snippets of the docs take for granted: the usual imports, and things of the app's own. */
export const PREAMBLE = `
import { Controller } from '@nestjs/common';
import { Get } from '@nestjs/common';
import { Headers } from '@nestjs/common';
import { type INestApplication } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Param } from '@nestjs/common';
import { Req } from '@nestjs/common';
import { Res } from '@nestjs/common';
import { StreamableFile } from '@nestjs/common';
import { UseGuards } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { createReadStream } from 'node:fs';
import { type Readable } from 'node:stream';
import { bytesSource } from 'nestjs-range';
import { classifyResponse } from 'nestjs-range';
import { compositeSource } from 'nestjs-range';
import { fileSource } from 'nestjs-range';
import { type FolderSource } from 'nestjs-range';
import { folderSource } from 'nestjs-range';
import { generatedSource } from 'nestjs-range';
import { httpSource } from 'nestjs-range';
import { onRangeResponse } from 'nestjs-range';
import { RANGE_ALLOWED_HEADERS } from 'nestjs-range';
import { RANGE_EXPOSED_HEADERS } from 'nestjs-range';
import { Ranged } from 'nestjs-range';
import { RangedFile } from 'nestjs-range';
import { RangedFolderModule } from 'nestjs-range';
import { RangeInterceptor } from 'nestjs-range';
import { RangeModule } from 'nestjs-range';
import { RangeParser } from 'nestjs-range';
import { RangeResponder } from 'nestjs-range';
import { type RangeSource } from 'nestjs-range';
import { redirectSource } from 'nestjs-range';
import { streamSource } from 'nestjs-range';
import { type AzureBlobClientLike } from 'nestjs-range/azure';
import { type GcsFileLike } from 'nestjs-range/gcs';
import { type GridFsBucketLike } from 'nestjs-range/gridfs';
import { type S3ClientLike } from 'nestjs-range/s3';
import { s3Source } from 'nestjs-range/s3';
import { type ZipEntry } from 'nestjs-range/zip';
import { checkRangedEndpoint } from 'nestjs-range/testing';
import { zipSource } from 'nestjs-range/zip';

type Bytes = AsyncIterable<Uint8Array>;
type Request = object;
type Response = object;

declare class Surroundings {
  readonly s3: S3ClientLike;
  readonly assets: FolderSource;
  readonly responder: RangeResponder;
  readonly synthesiser: { speak(text: string, options: object): Bytes };
}
declare class GetObjectCommand { constructor(input: object); }
declare class S3Client { constructor(config: object); }
declare class ObjectId { constructor(id: string); }
declare const container: { getBlobClient(name: string): AzureBlobClientLike };
declare const bucket: { file(name: string): GcsFileLike };
declare const files: GridFsBucketLike<ObjectId>;
declare class Agent { constructor(options: object); dispatch(): boolean; }
declare class ServeStaticModule { static forRoot(options: object): object; }
declare class PaidGuard { canActivate(): boolean; }
declare class SessionGuard { canActivate(): boolean; }
declare class MediaController { file(name: string): RangedFile; }
declare function expect(value: unknown): { toEqual(other: unknown): void; toBeInstanceOf(type: unknown): void };
declare const s3: S3ClientLike;
declare class SuffixesOnlyParser extends RangeParser {}
declare function getSignedUrl(client: object, command: object, options: object): Promise<string>;
declare function synthesise(text: string, signal?: AbortSignal): Bytes;
declare function download(id: string): Bytes;
declare function urlOf(id: string): Promise<string>;
declare function largeObjectSource(db: object, oid: number): RangeSource;
declare function it(name: string, run: () => Promise<void>, timeoutMs?: number): void;
declare function write(oid: number, bytes: Uint8Array): Promise<void>;
declare const photos: readonly { name: string; takenAt: Date }[];
declare const rows: readonly { name: string; key: string; size: number; etag: string; createdAt: Date; crc32: number }[];
declare const entries: readonly ZipEntry[];
declare const redis: { get(key: string): Promise<string | null>; set(key: string, value: string): Promise<unknown> };
declare function wavHeader(samples: number): Buffer;
declare const samples: number;
declare const myFetch: typeof fetch;
declare const db: {
  file(id: string): Promise<{ size: number; type: string; version: number }>;
  read(id: string, firstPos: number, lastPos: number): Bytes;
};
declare const counter: { inc(labels: object): void };
declare const app: INestApplication;
declare const response: object;
declare const request: { headers: Record<string, string> };
declare const res: { sendFile(name: string, options: object): void };
declare const stream: Readable;
declare const bytes: Buffer;
declare const bufferOrBlob: Buffer | Blob;
declare const oid: number;
declare const id: string, key: string, name: string, origin: string, text: string, token: string, url: string;
declare const Bucket: string, Key: string, cookie: string, presignedUrl: string;
export {};
`;
