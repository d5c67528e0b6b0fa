import 'reflect-metadata';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ranged, RangedFile, RangeModule } from 'nestjs-range';
import { s3Source } from 'nestjs-range/s3';

/** The SDK itself reads AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
const Bucket = process.env['S3_BUCKET'] ?? 'media';
/** Of a store other than Amazon's, such as MinIO, R2 or Swift. */
const endpoint = process.env['S3_ENDPOINT'];
const client = new S3Client(endpoint === undefined ? {} : { endpoint, forcePathStyle: true });

@Controller('media')
class MediaController {
  @Get()
  async list(): Promise<readonly { key: string; size: number; url: string }[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key = '', Size = 0 }) => ({
      key: Key,
      size: Size,
      url: `/media/${encodeURIComponent(Key)}`,
    }));
  }

  /** Only the requested bytes travel from the store. */
  @Get(':key')
  @Ranged({ disposition: 'inline', cacheControl: 'public, max-age=3600' })
  file(@Param('key') key: string): RangedFile {
    return new RangedFile(s3Source(client, { Bucket, Key: key }));
  }
}

@Module({ imports: [RangeModule], controllers: [MediaController] })
class AppModule {}

const app = await NestFactory.create(AppModule);
await app.listen(process.env['PORT'] ?? 3000);
console.log(`Media: ${await app.getUrl()}/media`);
