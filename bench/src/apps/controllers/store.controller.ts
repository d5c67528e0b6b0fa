import { GetObjectCommand, HeadObjectCommand, type S3Answer, S3Client } from '@aws-sdk/client-s3';
import { Controller, Get, Req, Res, StreamableFile } from '@nestjs/common';
import { Ranged, RangedFile } from 'nestjs-range';
import { s3Source } from 'nestjs-range/s3';
import { type RequestLike, type ResponseLike, setHeader } from '../http-types.js';
import { NAME } from '../served-file.js';

const CLIENT = new S3Client({
  endpoint: process.env['BENCH_STORE'],
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
});
const OBJECT = { Bucket: 'media', Key: NAME };

/** An object in a store: through this package, and in the ways that apps proxy the body that the SDK gives. */
@Controller()
export class StoreController {
  @Get('s3-source')
  @Ranged()
  s3Source() {
    return new RangedFile(s3Source(CLIENT, OBJECT));
  }

  @Get('head-get-pipe')
  async headGetPipe(@Req() request: RequestLike, @Res() response: ResponseLike & NodeJS.WritableStream) {
    await CLIENT.send(new HeadObjectCommand(OBJECT)); // for the 404, and what it says of the object
    (await getObject(request, response)).pipe(response);
  }

  @Get('head-get-streamable')
  async headGetStreamable(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    await CLIENT.send(new HeadObjectCommand(OBJECT));
    return new StreamableFile(await getObject(request, response));
  }

  @Get('get-streamable')
  async getStreamable(@Req() request: RequestLike, @Res({ passthrough: true }) response: ResponseLike) {
    return new StreamableFile(await getObject(request, response));
  }
}

/** Asks for what the client asks for, and passes on what the store says. */
async function getObject(request: RequestLike, response: ResponseLike): Promise<S3Answer['Body']> {
  const answer = await CLIENT.send(new GetObjectCommand({ ...OBJECT, Range: request.headers.range }));
  response.statusCode = answer.ContentRange === undefined ? 200 : 206;
  setHeader(response, 'Accept-Ranges', 'bytes');
  setHeader(response, 'Content-Type', answer.ContentType ?? 'application/octet-stream');
  setHeader(response, 'Content-Length', String(answer.ContentLength));
  setHeader(response, 'ETag', answer.ETag ?? '');
  if (answer.ContentRange !== undefined) setHeader(response, 'Content-Range', answer.ContentRange);
  return answer.Body;
}
