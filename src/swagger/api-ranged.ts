/** @module nestjs-range/swagger */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { checkOptions, type Checks } from '../sources/check-options.js';
import {
  ACCEPT_RANGES,
  CONTENT_LENGTH,
  CONTENT_RANGE,
  type DocumentedField,
  ETAG,
  LAST_MODIFIED,
  REQUEST_FIELDS,
  UNSATISFIED_RANGE,
} from './documented-fields.js';

/** What `@ApiRanged()` cannot know. */
export interface ApiRangedOptions {
  /** Media type of the files, or types. Default: `application/octet-stream`. */
  readonly type?: string | readonly string[] | undefined;
  /** What the file is: the description of the 200. */
  readonly description?: string | undefined;
}

/**
 * Documents what `@Ranged()` answers: 200, 206, 304, 412 and 416, with the fields of requests and responses. It stands on
 * methods: what a class says of its 200, `@nestjs/swagger` replaces.
 *
 * @example
 * @Get(':name') @Ranged() @ApiRanged({ type: 'video/mp4', description: 'The film' })
 * @throws TypeError (when the class is defined) that names an unknown or impossible option
 */
export function ApiRanged(options: ApiRangedOptions = {}): MethodDecorator {
  checkOptions('@ApiRanged()', options, CHECKS);
  const { type = 'application/octet-stream', description = 'The whole file.' } = options;
  const types = typeof type === 'string' ? [type] : type;
  return applyDecorators(
    ...Object.entries(REQUEST_FIELDS).map(([name, field]) => ApiHeader({ name, required: false, ...field })),
    documented(200, description, SELECTED_FIELDS, types),
    documented(206, 'The octets asked for; several ranges are parts.', PARTIAL_FIELDS, [...types, MULTIPART]),
    documented(304, 'The client has this version.', { ETag: ETAG, 'Last-Modified': LAST_MODIFIED }, []),
    documented(412, 'The file is not the version that was asked for.', {}, []),
    documented(416, 'No range asked for overlaps the file.', { 'Content-Range': UNSATISFIED_RANGE }, []),
  );
}

const MULTIPART = 'multipart/byteranges';

const SELECTED_FIELDS: Readonly<Record<string, DocumentedField>> = {
  'Accept-Ranges': ACCEPT_RANGES,
  'Content-Length': CONTENT_LENGTH,
  ETag: ETAG,
  'Last-Modified': LAST_MODIFIED,
};

const PARTIAL_FIELDS = { ...SELECTED_FIELDS, 'Content-Range': CONTENT_RANGE };

function documented(
  status: number,
  description: string,
  headers: Readonly<Record<string, DocumentedField>>,
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
