/** A header as OpenAPI describes it, without its location. */
export interface DocumentedHeader {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer'; readonly enum?: string[]; readonly minimum?: number };
}

const text = (description: string): DocumentedHeader => ({ description, schema: { type: 'string' } });

/** Without examples, because Swagger UI would send them. */
export const REQUEST_HEADERS: Readonly<Record<string, DocumentedHeader>> = {
  Range: text(
    'The bytes wanted: `bytes=0-1023`, `bytes=1024-`, `bytes=-500`, or several of these with commas between them.',
  ),
  'If-Range': text(
    'The `ETag` or `Last-Modified` of an earlier answer: with any other version, `Range` does not count.',
  ),
  'If-Match': text('Entity tags: 412 unless the file has one of them.'),
  'If-None-Match': text('Entity tags: 304 if the file has one of them.'),
  'If-Modified-Since': text('A date: 304 if the file has not changed since. Does not count beside `If-None-Match`.'),
  'If-Unmodified-Since': text('A date: 412 if the file has changed since. Does not count beside `If-Match`.'),
};

export const ACCEPT_RANGES: DocumentedHeader = {
  description: '`none` where ranges are refused, or the size is not known.',
  schema: { type: 'string', enum: ['bytes', 'none'] },
};
export const CONTENT_LENGTH: DocumentedHeader = {
  description: 'In bytes.',
  schema: { type: 'integer', minimum: 0 },
};
export const CONTENT_RANGE = text('`bytes first-last/size`; of several ranges, in the head of each part.');
export const UNSATISFIED_RANGE = text('`bytes */size`');
export const ETAG = text('Names the version of the file: for `If-Range`, `If-Match` and `If-None-Match`.');
export const LAST_MODIFIED = text('When the file was changed, where that is known.');
