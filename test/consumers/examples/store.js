import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const BUCKET = 'media';

/** As much of S3 as the example needs, with one object, and the environment that leads the SDK to it. */
export async function startStore(key, bytes) {
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === `/${BUCKET}` || pathname === `/${BUCKET}/`) return response.end(listOf(key, bytes.length));
    if (pathname !== `/${BUCKET}/${encodeURIComponent(key)}`) return response.writeHead(404).end();
    const [, first = '0', last = String(bytes.length - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range) ?? [];
    const part = bytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'Content-Type': 'video/mp4',
      'Content-Length': part.length,
      'Content-Range': `bytes ${first}-${last}/${bytes.length}`,
      'Last-Modified': 'Wed, 01 Jan 2025 00:00:00 GMT',
      ETag: etag,
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    environment: {
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    close: () => server.close(),
  };
}

function listOf(key, size) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult><Name>${BUCKET}</Name><Contents><Key>${key}</Key><Size>${size}</Size></Contents></ListBucketResult>`;
}
