import { deepEqual, ok, rejects } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { bytesSource, fileSource, type RangeSource, SourceNotFoundError } from 'nestjs-range';
import { azureBlobSource } from 'nestjs-range/azure';
import { type GcsFileLike, gcsSource } from 'nestjs-range/gcs';
import { gridFsSource } from 'nestjs-range/gridfs';
import { checkRangedEndpoint, rangeSourceContract } from 'nestjs-range/testing';
import { zipSource } from 'nestjs-range/zip';

/**
 * Fails unless every entry point beside the package's own works: those of stores without the SDKs of the stores. That of
 * S3, and that for OpenAPI, say what is missing where it is.
 *
 * @param installed the optional peers that the app has
 */
export async function checkSubpaths(origin: string, installed: { s3?: boolean; swagger?: boolean }): Promise<void> {
  for (const source of [nothingInAzure(), nothingInGcs(), nothingInGridFs(), archiveOfNothing()])
    await checkNotFound(source);
  if (installed.s3 === true) await checkNotFound(await nothingInS3());
  else await rejects(nothingInS3, /@aws-sdk\/client-s3/);
  if (installed.swagger === true) await checkDocumented();
  else await rejects(checkDocumented, /@nestjs\/swagger/);

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

/** What the app's own `@nestjs/swagger` makes of it. */
async function checkDocumented(): Promise<void> {
  const { ApiRanged } = await import('nestjs-range/swagger');
  class FilmController {
    film(): void {}
  }
  const film = Object.getOwnPropertyDescriptor(FilmController.prototype, 'film') ?? {};
  ApiRanged({ type: 'video/mp4' })(FilmController.prototype, 'film', film);
  const responses: object = Reflect.getMetadata('swagger/apiResponse', FilmController.prototype.film);
  deepEqual(Object.keys(responses), ['200', '206', '304', '412', '416']);
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
  const answer = { statusCode: 404, response: { status: 404, headers: new Map<string, string>() } };
  const notFound = (): Promise<never> => Promise.reject(Object.assign(new Error('BlobNotFound'), answer));
  return azureBlobSource({ url: 'https://a.example/media/clip.mp4', getProperties: notFound, download: notFound });
}

function nothingInGcs(): RangeSource {
  const notFound = Object.assign(new Error('No such object'), { code: 404, response: { headers: {} } });
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

function archiveOfNothing(): RangeSource {
  return zipSource([{ name: 'missing.mp4', source: fileSource('missing.mp4') }]);
}

function nothingInGridFs(): RangeSource {
  const found = { limit: () => ({ toArray: async () => [] }) };
  const openDownloadStream = (): never => {
    throw new Error('FileNotFound');
  };
  return gridFsSource({ find: () => found, openDownloadStream }, 'an id');
}
