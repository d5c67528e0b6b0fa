import type { StreamableFile } from '@nestjs/common';
import { ContextIdFactory, type ModuleRef } from '@nestjs/core';
import { isPromise } from 'node:util/types';
import { discard } from '../../files/streamable-source.js';
import { RangeParser } from './range.parser.js';

/**
 * Finds the app's parser when a request needs it. Injected into the responder, a request-scoped parser would make one responder
 * for each request, which no app-wide interceptor can use and which knows of no other response.
 *
 * @param moduleRef `undefined` where the app has another copy of Nest, which is warned of: then the default parser is used
 */
export function parserOfRequest(
  moduleRef: ModuleRef | undefined,
): (request: object) => RangeParser | Promise<RangeParser> {
  if (moduleRef === undefined) return () => new RangeParser();
  let shared: RangeParser | undefined;
  let isScoped = false;
  return (request) => {
    if (shared === undefined && !isScoped) shared = sharedParser(moduleRef);
    isScoped = shared === undefined;
    return shared ?? scopedParser(moduleRef, request);
  };
}

/** The parser for the file that a handler returned. If there is none, because its own providers fail, the file is discarded. */
export function parserFor(
  request: object,
  file: StreamableFile,
  parserOf: ReturnType<typeof parserOfRequest>,
): RangeParser | Promise<RangeParser> {
  const parser = parserOf(request);
  if (!isPromise(parser)) return parser;
  return parser.catch((error: unknown) => {
    discard(file);
    throw error;
  });
}

/** `undefined`: it has a scope, and Nest refuses to get it. */
function sharedParser(moduleRef: ModuleRef): RangeParser | undefined {
  try {
    return moduleRef.get(RangeParser, { strict: true });
  } catch {
    return undefined;
  }
}

function scopedParser(moduleRef: ModuleRef, request: object): Promise<RangeParser> {
  const contextId = ContextIdFactory.getByRequest(request);
  // As for controllers, a strategy's payload is on the request; of what is durable, Nest makes it the REQUEST itself.
  const payload: unknown = contextId.payload;
  moduleRef.registerRequestByContextId(Object.assign(request, payload), contextId);
  return moduleRef.resolve(RangeParser, contextId, { strict: true });
}
