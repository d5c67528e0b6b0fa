import { ReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Pipeable } from './piped-stream.js';
import { destroyQuietly } from './releasable-bytes.js';
import { responseOf } from './waiting-response.js';

/** Events that an app listens to, for example to remove a temporary file when its stream closes. */
const EVENTS = ['open', 'ready', 'end', 'close'];

/** Whether the app listens to such an event. Call it before adding listeners. */
export function hasListeners(stream: Pipeable): boolean {
  return EVENTS.some((event) => listens(stream, event));
}

/** Whether the app listens to a stream's data, so that the stream itself must be read. */
export function isObserved(stream: Pipeable): boolean {
  return listens(stream, 'data') || listens(stream, 'readable');
}

function listens(stream: Pipeable & { listenerCount?(event: string): number }, event: string): boolean {
  return (stream.listenerCount?.(event) ?? 0) > 0;
}

/**
 * Ends a stream that the app listens to when the response finishes: listeners see the same events as when Nest sends the
 * stream, even if only a part of it was read, or nothing.
 *
 * @returns `false` if no response is known: then the reader ends the stream
 */
export function endWithResponse(stream: Readable | Pipeable, signal: AbortSignal): boolean {
  const response = responseOf(signal);
  if (response === undefined) return false;
  const release = deferDestroy(stream);
  let hasEnded = false;
  stream.on('end', () => {
    hasEnded = true;
    release();
  });
  const destroy = (): void => {
    release();
    destroyQuietly(stream);
  };
  response.onFinished((isSent) => {
    if (!isSent || hasEnded) destroy();
    else if (stream instanceof Readable) endNow(stream, destroy);
    else endForeign(stream, destroy);
  });
  return true;
}

/**
 * Ignores `destroy()` without an error, which is how Nest destroys streams that it has not sent itself.
 *
 * @returns a function that restores the stream's method
 */
function deferDestroy(stream: { destroy?(error?: Error | null): unknown }): () => void {
  const destroy = stream.destroy?.bind(stream);
  if (destroy === undefined) return () => {};
  stream.destroy = (error) => (error === undefined || error === null ? stream : destroy(error));
  return () => {
    stream.destroy = destroy;
  };
}

/** Ends a stream as if it had no more data. */
function endNow(stream: Readable, destroy: () => void): void {
  if (stream.destroyed) return;
  if (stream instanceof ReadStream && stream.pending) {
    stream.once('ready', () => endNow(stream, destroy)); // 'open' comes before 'end'
    return;
  }
  stream.once('end', destroy);
  stream.push(null);
  stream.push = () => false; // ignores a read that is in progress
  while (stream.read() !== null);
}

function endForeign(stream: Pipeable, destroy: () => void): void {
  stream.emit('end');
  destroy();
}
