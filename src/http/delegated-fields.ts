import { contentFields, withNoTransform } from './content-fields.js';
import type { Delegation, RepresentationMetadata } from './representation.js';

/**
 * For a proxy that sends the file: what describes the content goes along, since it keeps some of it. Validators and
 * Accept-Ranges are its own; ours would stand beside them, or contradict them.
 */
export function offloadFields(
  { type, fields }: RepresentationMetadata,
  delegation: Delegation,
): Record<string, string> {
  const result = contentFields({ type, fields: { ...fields, ...delegation.fields } });
  result['cache-control'] = withNoTransform(result['cache-control']);
  return result;
}

/** For a client that is sent elsewhere: no content is described. What says who may have the answer goes along. */
export function redirectionFields(
  representation: RepresentationMetadata,
  { fields }: Delegation,
): Record<string, string> {
  const { 'content-type': _, 'x-content-type-options': __, ...result } = contentFields({ fields });
  const described = contentFields(representation);
  for (const name of ['vary', 'cross-origin-resource-policy']) {
    const value = described[name];
    if (value !== undefined) result[name] ??= value;
  }
  return result;
}

/**
 * 307; 303 to a method that is not to be repeated elsewhere, and what the handler chose where that is a redirection.
 *
 * @see RFC 9110 §15.4.4, §15.4.8
 */
export function redirectionStatus({ method, status }: { readonly method: string; readonly status: number }): number {
  if (REDIRECTIONS.has(status)) return status;
  return method === 'GET' || method === 'HEAD' ? 307 : 303;
}

const REDIRECTIONS = new Set([301, 302, 303, 307, 308]);
