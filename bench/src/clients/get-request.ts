/** A GET as it goes over the wire, on a connection of its own. */
export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`;
}
