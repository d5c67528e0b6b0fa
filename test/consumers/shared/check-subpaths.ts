import { deepEqual, ok, rejects } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { bytesSource, type RangeSource, SourceNotFoundError } from 'nestjs-range';
import { azureBlobSource } from 'nestjs-range/azure';
import { type GcsFileLike, gcsSource } from 'nestjs-range/gcs';
import { gridFsSource } from 'nestjs-range/gridfs';
import { checkRangedEndpoint, rangeSourceContract } from 'nestjs-range/testing';

/**
 * Fails unless every entry point beside the package's own works: those of stores without the SDKs of the stores, but for
 * that of S3, which says then what is missing.
 *
 * @param hasS3 whether the SDK of S3 is installed
 */
export async function checkSubpaths(origin: string, hasS3: boolean): Promise<void> {
  for (const source of [nothingInAzure(), nothingInGcs(), nothingInGridFs()]) await checkNotFound(source);
  if (hasS3) await checkNotFound(await nothingInS3());
  else await rejects(nothingInS3, /@aws-sdk\/client-s3/);

  const bytes = randomBytes(100_000);
  const checks = rangeSourceContract(() => ({ source: bytesSource(bytes), bytes }));
  ok(checks.length > 10);
  for (const { run } of checks) await run();

  const findings = await checkRangedEndpoint(`${origin}/file/clip.mp4`);
  ok(findings.length > 50);
  deepEqual(
    findings.filter((finding) => !finding.ok),
    [],
  );
}

/** By the class that the app knows from the package itself. */
async function checkNotFound(source: RangeSource): Promise<void> {
  await rejects(async () => source.resolve(new AbortController().signal), SourceNotFoundError);
}

// Clients of stores with nothing in them.

async function nothingInS3(): Promise<RangeSource> {
  const { s3Source } = await import('nestjs-range/s3');
  const notFound = Object.assign(new Error('NotFound'), { $metadata: { httpStatusCode: 404 } });
  return s3Source({ send: () => Promise.reject(notFound) }, { Bucket: 'media', Key: 'clip.mp4' });
}

function nothingInAzure(): RangeSource {
  const notFound = (): Promise<never> => Promise.reject(Object.assign(new Error('BlobNotFound'), { statusCode: 404 }));
  return azureBlobSource({ url: 'https://a.example/media/clip.mp4', getProperties: notFound, download: notFound });
}

function nothingInGcs(): RangeSource {
  const notFound = Object.assign(new Error('No such object'), { code: 404 });
  const file: GcsFileLike = {
    name: 'clip.mp4',
    bucket: { name: 'media', storage: {}, file: () => file },
    getMetadata: () => Promise.reject(notFound),
    createReadStream: () => {
      throw notFound;
    },
  };
  return gcsSource(file);
}

function nothingInGridFs(): RangeSource {
  const found = { limit: () => ({ toArray: async () => [] }) };
  const openDownloadStream = (): never => {
    throw new Error('FileNotFound');
  };
  return gridFsSource({ find: () => found, openDownloadStream }, 'an id');
}
