/** What the contenders use of a request, whichever adapter made it. */
export interface RequestLike {
  readonly headers: { readonly range?: string };
}

/** What they use of a response or reply. */
export interface ResponseLike {
  readonly raw?: unknown;
  status(code: number): unknown;
  setHeader(name: string, value: string): unknown;
  header(name: string, value: string): unknown;
  sendFile(name: string, root: string | object): unknown;
}
