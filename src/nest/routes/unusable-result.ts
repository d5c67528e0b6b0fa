import { StreamableFile } from '@nestjs/common';
import type { HttpExchange } from '../../exchange/http-exchange.js';
import { RangedFile } from '../../files/ranged-file.js';
import { describeValue, has } from '../../sources/options/given-value.js';

/**
 * Says what a handler marked `@Ranged()` (or an interceptor around it) returned, and what to return instead; `undefined` if it
 * has responded itself.
 */
export function adviceOn(result: unknown, response: unknown, exchange: HttpExchange): string | undefined {
  if (exchange.response.headersSent) return undefined;
  if (isForeignFile(result)) return FOREIGN_FILE;
  if (result === response || result === exchange.response) return undefined; // of `return response.send(…)`
  if (isSource(result) && has(result, 'toJSON')) return undefined; // one of ours: its toJSON() explains the mistake
  const held = heldFile(result);
  if (held !== undefined && held.file instanceof RangedFile) return undefined; // its toJSON() explains the mistake
  if (held !== undefined)
    return `${describeValue(result).what} with a file as ${JSON.stringify(held.name)}: ${AS_IT_IS}`;
  const file = fileOver(result);
  const isText = typeof result === 'string'; // possibly meant to be sent as it is
  const replacement =
    file === undefined || isText ? `${file ?? 'a RangedFile or a StreamableFile'}, or remove @Ranged()` : file;
  return `${describeValue(result).what}: return ${replacement}`;
}

/** The expression that makes a file of a value; `undefined` if there is none. */
export function fileOver(value: unknown): string | undefined {
  const source = isSource(value) ? 'source' : describeValue(value).instead;
  return source === undefined ? undefined : `new RangedFile(${source})`;
}

/** Whether a value is a StreamableFile of another copy of `@nestjs/common`. */
export function isForeignFile(result: unknown): boolean {
  return has(result, 'getStream') && has(result, 'getHeaders');
}

const AS_IT_IS =
  'return the file itself; an interceptor that wraps results must return files as they are: if (data instanceof StreamableFile) return data';

/** The first property of a result that is a file. */
function heldFile(result: unknown): { readonly name: string; readonly file: StreamableFile } | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const entries: [string, unknown][] = Object.entries(result);
  for (const [name, file] of entries) if (file instanceof StreamableFile) return { name, file };
  return undefined;
}

const FOREIGN_FILE =
  'a StreamableFile of another copy of @nestjs/common, which it does not recognize as a file: npm ls @nestjs/common shows both copies; keep one';

function isSource(result: unknown): boolean {
  return has(result, 'resolve');
}
