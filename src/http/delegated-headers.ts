import { contentHeaders, withNoTransform, withoutDigests } from './content-headers.js';
import type { Delegation, RepresentationMetadata } from './representation.js';

/**
 * Headers for a proxy that sends the file: those that describe the content, some of which the proxy keeps. The proxy adds
 * its own validators and Accept-Ranges; ours would duplicate or contradict them.
 */
export function offloadHeaders(
  { type, headers }: RepresentationMetadata,
  delegation: Delegation,
): Record<string, string> {
  const result = contentHeaders({ type, headers: { ...headers, ...delegation.headers } });
  result['cache-control'] = withNoTransform(result['cache-control']);
  return withoutDigests(result); // the proxy may send a part
}

/** Headers of a redirection: none that describe content, but Vary and Cross-Origin-Resource-Policy are kept. */
export function redirectionHeaders(
  representation: RepresentationMetadata,
  { headers }: Delegation,
): Record<string, string> {
  const { 'content-type': _, 'x-content-type-options': __, ...result } = contentHeaders({ headers });
  const described = contentHeaders(representation);
  for (const name of ['vary', 'cross-origin-resource-policy']) {
    const value = described[name];
    if (value !== undefined) result[name] ??= value;
  }
  return result;
}

/**
 * The status the handler chose if that is a redirection; otherwise 307, or 303 for a method that must not be repeated
 * elsewhere.
 *
 * @see RFC 9110 §15.4.4, §15.4.8
 */
export function redirectionStatus({ method, status }: { readonly method: string; readonly status: number }): number {
  if (REDIRECTIONS.has(status)) return status;
  return method === 'GET' || method === 'HEAD' ? 307 : 303;
}

const REDIRECTIONS = new Set([301, 302, 303, 307, 308]);
