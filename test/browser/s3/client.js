import { request } from 'node:http';

/** Stands for what the sample app uses of `@aws-sdk/client-s3`: see sdk.js. */
export class S3Client {
  constructor({ endpoint }) {
    this.endpoint = endpoint;
  }

  async send({ method, input }, { abortSignal: signal } = {}) {
    const { Bucket, Key, Range, IfMatch } = input;
    const headers = { ...(Range && { range: Range }), ...(IfMatch && { 'if-match': IfMatch }) };
    const response = await ask(`${this.endpoint}/${Bucket}/${encodeURIComponent(Key)}`, { method, headers, signal });
    const { statusCode, headers: fields } = response;
    if (method === 'HEAD' || statusCode >= 300) response.resume();
    if (statusCode >= 300) {
      throw Object.assign(new Error(`UnknownError ${statusCode}`), { $metadata: { httpStatusCode: statusCode } });
    }
    return {
      ContentLength: Number(fields['content-length']),
      ContentRange: fields['content-range'],
      ContentType: fields['content-type'],
      ETag: fields['etag'],
      LastModified: new Date(fields['last-modified']),
      Body: response,
    };
  }
}

export class HeadObjectCommand {
  method = 'HEAD';

  constructor(input) {
    this.input = input;
  }
}

export class GetObjectCommand {
  method = 'GET';

  constructor(input) {
    this.input = input;
  }
}

function ask(url, options) {
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on('error', reject).end();
  });
}
