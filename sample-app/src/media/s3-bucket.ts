import type { FactoryProvider } from '@nestjs/common';
import type { RangeSource } from 'nestjs-range';
import type { S3ClientLike } from 'nestjs-range/s3';

/** Makes sources of the objects in a bucket. */
export type S3Bucket = (key: string) => RangeSource;

export const S3_BUCKET = Symbol('S3_BUCKET');

/**
 * The bucket that the environment names: S3_BUCKET, and S3_ENDPOINT for another store than Amazon's. The SDK itself reads
 * AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. `undefined`: none is named, or the SDK is not installed.
 */
export const s3Bucket: FactoryProvider<S3Bucket | undefined> = {
  provide: S3_BUCKET,
  async useFactory() {
    const Bucket = process.env['S3_BUCKET'];
    if (Bucket === undefined) return undefined;
    const sdk = await loadSdk();
    if (sdk === undefined) {
      console.warn(`S3_BUCKET is set, but S3 stays off: ${SDK} is not installed (npm i --no-save ${SDK})`);
      return undefined;
    }
    const { s3Source } = await import('nestjs-range/s3');
    const endpoint = process.env['S3_ENDPOINT'];
    const client = new sdk.S3Client({
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return (Key) => s3Source(client, { Bucket, Key });
  },
};

/** An optional peer of the package: the compiler must not look for it either, hence the variable. */
const SDK: string = '@aws-sdk/client-s3';

interface Sdk {
  readonly S3Client: new (config: object) => S3ClientLike;
}

async function loadSdk(): Promise<Sdk | undefined> {
  try {
    return (await import(SDK)) as Sdk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
