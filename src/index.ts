/** @module nestjs-range */
export type { ByteRange } from './http/byte-range.js';
export type { Disposition } from './http/content-disposition.js';
export type { RangeSet, RangeSpec } from './http/range-header.js';
export type { Delegation, RepresentationMetadata } from './http/representation.js';
export { classifyResponse, formatResponse, onRangeResponse, type ResponseClass } from './observe-responses.js';
export { RangeNotSatisfiableException } from './range.exceptions.js';
export { RangeInterceptor } from './range.interceptor.js';
export { RangeModule } from './range.module.js';
export type { CutResponse, RangedOptions, RangeModuleExtras, RangeModuleOptions } from './range.options.js';
export { RangeParser } from './range.parser.js';
export { RangeResponder } from './range.responder.js';
export { RANGE_ALLOWED_HEADERS, RANGE_EXPOSED_HEADERS } from './range.tokens.js';
export { Ranged } from './ranged.decorator.js';
export { RangedFile } from './ranged-file.js';
export type { RangedResponseMessage } from './response-report.js';
export { bytesSource, type SourceMetadata } from './sources/bytes-source.js';
export type { Dotfiles } from './sources/confine-path.js';
export type { Offload } from './sources/file-offload.js';
export { fileSource, type FileSourceOptions } from './sources/file-source.js';
export { type FolderSource, folderSource, type FolderSourceOptions } from './sources/folder-source.js';
export { generatedSource, type GeneratedSourceOptions } from './sources/generated-source.js';
export { type Fetch, type FetchResponse, httpSource, type HttpSourceOptions } from './sources/http-source.js';
export { redirectSource, type RedirectSourceOptions } from './sources/redirect-source.js';
export {
  SourceChangedError,
  SourceError,
  SourceLengthError,
  SourceNotFoundError,
  SourceProtocolError,
  SourceTimeoutError,
  SourceUnavailableError,
} from './sources/source-errors.js';
export type { Bytes, RangeSource, Representation } from './sources/source.js';
export type { ObjectMetadata } from './sources/store.js';
export type { StoreOptions } from './sources/store-options.js';
export { streamSource, type StreamSourceOptions } from './sources/stream-source.js';
