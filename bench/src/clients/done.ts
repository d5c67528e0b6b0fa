/** What a client got done, and what that cost it. */
export interface Done {
  readonly requests: number;
  readonly octets: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}
