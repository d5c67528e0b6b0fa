import { Socket } from 'node:net';
import type { HttpExchange } from './http-exchange.js';

/** What is below a socket: what it was given, and what of that the kernel has not taken, which no public property tells. */
interface Handle {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
}

/**
 * How much of what was written to a connection had not left when it broke. To be asked in time: what is cancelled with the
 * connection counts as written a moment later, by `bytesWritten` as by the callbacks of the writes.
 */
export class UnsentOctets {
  private seen: number | undefined;

  /** `undefined` where the connection is none of HTTP/1.1, or gone. */
  static of(exchange: HttpExchange): UnsentOctets | undefined {
    const { request } = exchange;
    const socket: unknown = request.httpVersionMajor === 1 ? request.socket : undefined; // of an injected request: none
    if (!(socket instanceof Socket)) return undefined;
    const { _handle: handle } = socket as { _handle?: Handle | null };
    return handle === undefined || handle === null ? undefined : new UnsentOctets(exchange, socket, handle);
  }

  private constructor(
    exchange: HttpExchange,
    private readonly socket: Socket,
    private readonly handle: Handle,
  ) {
    const lookAtBreak = ({ syscall }: NodeJS.ErrnoException): void => {
      if (syscall !== 'write') this.look(); // what a failed write leaves behind is not told
    };
    socket.prependListener('error', lookAtBreak);
    exchange.onClose(() => socket.off('error', lookAtBreak));
  }

  /** Looks now, and never again. */
  look(): void {
    this.seen ??= this.queued;
  }

  /** In octets, a head included; `undefined`: nobody looked in time. */
  get count(): number | undefined {
    if (this.seen !== undefined) return this.seen;
    return this.queued === 0 ? undefined : this.queued; // nothing: all has left, or was cancelled
  }

  private get queued(): number | undefined {
    const { bytesWritten, writeQueueSize } = this.handle;
    if (typeof bytesWritten !== 'number' || typeof writeQueueSize !== 'number') return undefined;
    return this.socket.bytesWritten - bytesWritten + writeQueueSize;
  }
}
