import { isHeaderValue } from '../../http/headers/header-value.js';

/** The headers that a store has for an object, without empty ones. */
export function describedHeaders(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== '') result[name] = value;
  }
  return result;
}

/** A media type from a store, which may keep any text, or none; `undefined`: it cannot be sent. */
export function sendableType(type: unknown): string | undefined {
  return typeof type === 'string' && isHeaderValue(type) ? type : undefined;
}
