/** A header as OpenAPI describes it, without its location. */
export interface DocumentedHeader {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer'; readonly enum?: string[]; readonly minimum?: number };
}

const text = (description: string): DocumentedHeader => ({ description, schema: { type: 'string' } });

/** Without examples, because Swagger UI would send them. */
export const REQUEST_HEADERS: Readonly<Record<string, DocumentedHeader>> = {
  Range: text(
    'The requested bytes: `bytes=0-1023`, `bytes=1024-`, `bytes=-500`, or several of these with commas between them.',
  ),
  'If-Range': text(
    'The `ETag` or `Last-Modified` of an earlier response: `Range` is ignored if the file has another version now.',
  ),
  'If-Match': text('Entity tags: 412 unless the file has one of them.'),
  'If-None-Match': text('Entity tags: 304 if the file has one of them.'),
  'If-Modified-Since': text('A date: 304 if the file has not changed since. Ignored beside `If-None-Match`.'),
  'If-Unmodified-Since': text('A date: 412 if the file has changed since. Ignored beside `If-Match`.'),
};

export const ACCEPT_RANGES: DocumentedHeader = {
  description: '`none` if ranges are not supported, or the size is unknown.',
  schema: { type: 'string', enum: ['bytes', 'none'] },
};
export const CONTENT_LENGTH: DocumentedHeader = {
  description: 'In bytes.',
  schema: { type: 'integer', minimum: 0 },
};
export const CONTENT_RANGE = text('`bytes first-last/size`. If there are several ranges, each part has its own.');
export const UNSATISFIED_RANGE = text('`bytes */size`');
export const ETAG = text('Identifies the version of the file, for `If-Range`, `If-Match` and `If-None-Match`.');
export const LAST_MODIFIED = text('When the file was last changed, if known.');
