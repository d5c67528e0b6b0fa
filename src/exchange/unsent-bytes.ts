import { Socket } from 'node:net';
import type { HttpExchange } from './http-exchange.js';

/** The handle below a socket, with counts that no public property provides. */
interface Handle {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
  /** With TLS: the handle that records are written to. */
  readonly _parent?: Handle | null;
}

interface CountingHandle {
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

function isCounting(handle: Handle | null | undefined): handle is CountingHandle {
  return typeof handle?.bytesWritten === 'number' && typeof handle.writeQueueSize === 'number';
}

/**
 * Counts the bytes that were written to a connection but not sent when it broke. Must be recorded in time: soon after,
 * both `bytesWritten` and the callbacks of the writes treat cancelled data as written.
 */
export class UnsentBytes {
  private recorded: number | undefined;
  /** Overhead of the TLS records sent before this response, in bytes. */
  private readonly overheadBefore: number;

  /** `undefined` if the connection is not HTTP/1.1, or is closed. */
  static of(exchange: HttpExchange): UnsentBytes | undefined {
    const socket: unknown = exchange.isHttp2 ? undefined : exchange.request.socket; // no Socket for injected requests
    if (!(socket instanceof Socket)) return undefined;
    const { _handle: handle } = socket as { _handle?: Handle | null };
    return handle === undefined || handle === null ? undefined : new UnsentBytes(exchange, socket, handle);
  }

  private constructor(
    exchange: HttpExchange,
    private readonly socket: Socket,
    private readonly handle: Handle,
  ) {
    this.overheadBefore = this.overhead;
    const recordOnError = ({ syscall }: NodeJS.ErrnoException): void => {
      if (syscall !== 'write') this.record(); // after a failed write the counts are wrong
    };
    socket.prependListener('error', recordOnError);
    exchange.onClose(() => socket.off('error', recordOnError));
  }

  /** Records the count now; later calls do nothing. */
  record(): void {
    this.recorded ??= this.queued;
  }

  /** In bytes, including a head; `undefined`: not recorded in time. */
  get count(): number | undefined {
    if (this.recorded !== undefined) return this.recorded;
    return this.queued === 0 ? undefined : this.queued; // 0: everything was sent, or cancelled
  }

  private get queued(): number | undefined {
    const { handle } = this;
    if (!isCounting(handle)) return undefined;
    return this.socket.bytesWritten - handle.bytesWritten + this.queuedBelow(handle);
  }

  /**
   * TLS counts its records as queued until the last one is sent. Once all of them have been passed to the handle below, that
   * handle's queue is exact: then the overhead has not shrunk, since records are always longer than their content.
   */
  private queuedBelow(handle: Handle & CountingHandle): number {
    const { _parent: below } = handle;
    const areFlushed = isCounting(below) && this.overhead >= this.overheadBefore;
    return areFlushed ? below.writeQueueSize : handle.writeQueueSize;
  }

  private get overhead(): number {
    const { handle } = this;
    const { _parent: below } = handle;
    return isCounting(below) && isCounting(handle) ? below.bytesWritten - handle.bytesWritten : 0;
  }
}
