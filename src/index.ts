/** @module nestjs-range */
export type { ByteRange } from './http/ranges/byte-range.js';
export type { Disposition } from './http/headers/content-disposition.js';
export type { RangeSet, RangeSpec } from './http/ranges/range-header.js';
export type { Delegation, RepresentationMetadata } from './http/representation.js';
export {
  classifyResponse,
  formatResponse,
  onRangeResponse,
  type ResponseClass,
} from './observability/observe-responses.js';
export { RangeNotSatisfiableException } from './negotiation/range.exceptions.js';
export { RangedFolderModule } from './nest/folder/ranged-folder.module.js';
export type { RangedFolderOptions, RangedFolderRoute } from './nest/folder/ranged-folder.options.js';
export { RangeInterceptor } from './nest/range.interceptor.js';
export { RangeModule } from './nest/range.module.js';
export type { EntityTag, RangedOptions } from './negotiation/ranged-options.js';
export type { RateLimit, RateLimitedRequest } from './negotiation/rate-limit.js';
export type { CutResponse, RangeModuleExtras, RangeModuleOptions } from './nest/range-module.options.js';
export { RangeParser } from './nest/parser/range.parser.js';
export { RangeResponder } from './nest/range.responder.js';
export { RANGE_ALLOWED_HEADERS, RANGE_EXPOSED_HEADERS } from './nest/cors-headers.js';
export { Ranged } from './nest/ranged.decorator.js';
export { RangedFile } from './files/ranged-file.js';
export type { RangedResponseMessage } from './observability/response-report.js';
export { type CompositePart, compositeSource } from './sources/composite/composite-source.js';
export { bytesSource, type BytesSourceOptions } from './sources/memory/bytes-source.js';
export type { Dotfiles } from './sources/descriptors/confine-path.js';
export type { Offload } from './sources/file/file-offload.js';
export { fileSource, type FileSourceOptions } from './sources/file/file-source.js';
export { type FolderSource, folderSource, type FolderSourceOptions } from './sources/file/folder-source.js';
export { generatedSource, type GeneratedSourceOptions } from './sources/generated/generated-source.js';
export { httpSource, type HttpSourceOptions } from './sources/stores/http/http-source.js';
export type { OwnHeaders } from './sources/stores/http/own-headers.js';
export { redirectSource, type RedirectSourceOptions } from './sources/redirect-source.js';
export {
  SourceChangedError,
  SourceError,
  type SourceErrorOptions,
  SourceFailedError,
  SourceLengthError,
  SourceNotFoundError,
  SourceProtocolError,
  SourceTimeoutError,
  SourceUnavailableError,
} from './sources/source-errors.js';
export type { SourceMetadata } from './sources/options/source-metadata.js';
export type { Bytes, RangeSource, Representation } from './sources/source.js';
export type { ObjectMetadata } from './sources/stores/store.js';
export type { StoreOptions } from './sources/stores/store-options.js';
export type { Fetch, FetchResponse } from './sources/stores/http/upstream-requests.js';
export { streamSource, type StreamSourceOptions } from './sources/stream/stream-source.js';
