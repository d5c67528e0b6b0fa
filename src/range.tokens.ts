/** Registered symbols, so that the ESM and the CommonJS copy of the package understand each other. */
export const RANGED_METADATA = Symbol.for('nestjs-range:ranged');
export const RANGE_MODULE_OPTIONS = Symbol.for('nestjs-range:options');
/** Stands for RangeModule where something of it may be missing because it could not be made. */
export const RANGE_MODULE_IMPORTED = Symbol.for('nestjs-range:imported');
export const RANGED_FILE: unique symbol = Symbol.for('nestjs-range:file');
export const RANGED_RESPONSE: unique symbol = Symbol.for('nestjs-range:response');

/** Field names for the `allowedHeaders` of `app.enableCors`: what a page may send from another origin. */
export const RANGE_ALLOWED_HEADERS: string[] = [
  'Range',
  'If-Range',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'If-Unmodified-Since',
];

/** Field names for the `exposedHeaders` of `app.enableCors`: what a page, pdf.js among them, must be able to read. */
export const RANGE_EXPOSED_HEADERS: string[] = [
  'Accept-Ranges',
  'Content-Range',
  'Content-Length',
  'Content-Encoding',
  'Content-Disposition',
  'ETag',
  'Last-Modified',
];
