/** The members used of the stream behind an HTTP/2 response. */
export interface Http2Stream {
  readonly destroyed: boolean;
  /** Whether the client reset it, or its connection closed, before the response ended. */
  readonly aborted: boolean;
  readonly writableFinished: boolean;
  /** The code it was closed with; `undefined`: it is open. */
  readonly rstCode: number | undefined;
  /** `undefined`: it has ended. */
  readonly session?: { close(): void; readonly socket: SessionSocket } | undefined;
  once(event: 'aborted' | 'finish', listener: () => void): unknown;
  destroy(error?: Error): void;
}

interface SessionSocket {
  readonly destroyed: boolean;
  /** No public property asks the kernel whether the peer is still there: `remoteAddress` is remembered. */
  readonly _handle?: { getpeername?(address: object): number } | null;
}

/**
 * Whether a response belongs to an HTTP/2 stream. Decided by the object, since the version of the request is whatever the
 * client wrote into the request line.
 */
export function isHttp2(response: object): boolean {
  return 'createPushResponse' in response;
}

/** The stream behind an HTTP/2 response. */
export function http2StreamOf(response: object): Http2Stream {
  return (response as { stream: Http2Stream }).stream;
}

/**
 * Calls back if what was written to a stream has reached the kernel. Call it from the callback of the write: Node.js calls
 * that without an error even if the connection broke, which it notices only in the next turn of its event loop.
 */
export function whenFlushed(response: object, callback: () => void): void {
  setImmediate(() => {
    setImmediate(() => {
      if (!isGone(response) && isConnected(http2StreamOf(response))) callback();
    });
  });
}

/** Whether the connection of a stream is still there. One that was reset is not, even before Node.js has noticed it. */
export function isConnected({ session }: Http2Stream): boolean {
  try {
    if (session?.socket.destroyed !== false) return false;
    const { _handle: handle } = session.socket;
    return typeof handle?.getpeername !== 'function' || handle.getpeername({}) === 0;
  } catch {
    return false; // the session has released its socket
  }
}

/** Whether the client has disconnected, so that nothing more can be sent. */
export function isGone(response: object & { readonly destroyed?: boolean }): boolean {
  if (!isHttp2(response)) return response.destroyed === true;
  const { destroyed, aborted } = http2StreamOf(response);
  return destroyed || aborted;
}
