/** Header names for the `allowedHeaders` of `app.enableCors`: what a page may send from another origin. */
export const RANGE_ALLOWED_HEADERS: string[] = [
  'Range',
  'If-Range',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'If-Unmodified-Since',
];

/** Header names for the `exposedHeaders` of `app.enableCors`: what a page, pdf.js among them, must be able to read. */
export const RANGE_EXPOSED_HEADERS: string[] = [
  'Accept-Ranges',
  'Content-Range',
  'Content-Length',
  'Content-Encoding',
  'Content-Disposition',
  'ETag',
  'Last-Modified',
];
