/** @module nestjs-range/swagger */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { checkOptions, type Checks } from '../sources/options/check-options.js';
import {
  ACCEPT_RANGES,
  CONTENT_LENGTH,
  CONTENT_RANGE,
  type DocumentedHeader,
  ETAG,
  LAST_MODIFIED,
  REQUEST_HEADERS,
  UNSATISFIED_RANGE,
} from './documented-headers.js';

/** Details that `@ApiRanged()` cannot know. */
export interface ApiRangedOptions {
  /** Media type, or types, of the files. Default: `application/octet-stream`. */
  readonly type?: string | readonly string[] | undefined;
  /** What the file is: the description of the 200. */
  readonly description?: string | undefined;
}

/**
 * Documents the responses of a route with `@Ranged()`: 200, 206, 304, 412 and 416, with their headers and those of requests. For
 * methods only: `@nestjs/swagger` replaces a class's 200.
 *
 * @example
 * @Get(':name') @Ranged() @ApiRanged({ type: 'video/mp4', description: 'The film' })
 * @throws TypeError (when the class is defined) naming an unknown or invalid option
 */
export function ApiRanged(options: ApiRangedOptions = {}): MethodDecorator {
  checkOptions('@ApiRanged()', options, CHECKS);
  const { type = 'application/octet-stream', description = 'The whole file.' } = options;
  const types = typeof type === 'string' ? [type] : type;
  return applyDecorators(
    ...Object.entries(REQUEST_HEADERS).map(([name, header]) => ApiHeader({ name, required: false, ...header })),
    documented(200, description, SELECTED_HEADERS, types),
    documented(206, 'The bytes asked for; several ranges are parts.', PARTIAL_HEADERS, [...types, MULTIPART]),
    documented(304, 'The client has this version.', { ETag: ETAG, 'Last-Modified': LAST_MODIFIED }, []),
    documented(412, 'The file is not the version that was asked for.', { ETag: ETAG }, []),
    documented(416, 'No range asked for overlaps the file.', REFUSED_RANGE_HEADERS, []),
  );
}

const MULTIPART = 'multipart/byteranges';

const SELECTED_HEADERS: Readonly<Record<string, DocumentedHeader>> = {
  'Accept-Ranges': ACCEPT_RANGES,
  'Content-Length': CONTENT_LENGTH,
  ETag: ETAG,
  'Last-Modified': LAST_MODIFIED,
};

const REFUSED_RANGE_HEADERS = { 'Content-Range': UNSATISFIED_RANGE, ETag: ETAG };

const PARTIAL_HEADERS = { ...SELECTED_HEADERS, 'Content-Range': CONTENT_RANGE };

function documented(
  status: number,
  description: string,
  headers: Readonly<Record<string, DocumentedHeader>>,
  types: readonly string[],
): MethodDecorator {
  const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
  return ApiResponse({ status, description, headers, ...(types.length === 0 ? {} : { content }) });
}

const CHECKS: Checks<ApiRangedOptions> = {
  type: ["a media type such as 'video/mp4', or an array of them", areMediaTypes],
  description: ['a string', (value) => typeof value === 'string'],
};

function areMediaTypes(value: unknown): boolean {
  const types: unknown[] = Array.isArray(value) ? value : [value];
  return types.length > 0 && types.every((type) => typeof type === 'string' && /^[^/\s]+\/[^/\s]+/.test(type));
}
