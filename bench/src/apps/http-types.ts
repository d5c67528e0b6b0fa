/** What the contenders use of a request, whichever adapter made it. */
export interface RequestLike {
  readonly headers: { readonly range?: string };
}

/** What they use of a response of Express or a reply of Fastify; only the latter has `raw`. */
export interface ResponseLike {
  readonly raw?: unknown;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  header(name: string, value: string): unknown;
  /** Of Express. */
  end(content: Buffer): unknown;
  /** Of Fastify. */
  send(content: Buffer): unknown;
  sendFile(name: string, root: string | object): unknown;
}

/** Sets a field in the way of the adapter. */
export function setHeader(response: ResponseLike, name: string, value: string): void {
  if (response.raw === undefined) response.setHeader(name, value);
  else response.header(name, value);
}
