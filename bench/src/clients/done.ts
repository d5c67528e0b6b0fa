/** What a client got done, and what that cost it. */
export interface Done {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}
