import type { OutgoingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { chunkPool, LARGEST_CHUNK } from '../../sources/file/chunk-pool.js';
import { SourceLengthError } from '../../sources/source-errors.js';
import type { Content } from '../content.js';
import { SMALL_CONTENT } from '../primed-content.js';
import { isGone, isHttp2, whenFlushed } from './http2-response.js';
import { isPatched, isWrittenToKernel } from './kernel-writes.js';
import { SoleWriter } from './sole-writer.js';

/**
 * Sends content on a Node.js response. Never rejects.
 *
 * @param onFailure called once if reading fails after the head was sent; must close the connection
 */
export async function sendContent(
  content: Content,
  response: Writable,
  onFailure: (error: unknown) => void,
): Promise<void> {
  try {
    await write(content, response, new SoleWriter(response, onFailure));
  } catch (error) {
    onFailure(error);
  }
}

/**
 * Writes the content and ends the response. Returns early if the client disconnected. The head leaves at once with the first
 * chunk: until then anything else could send it with content of its own.
 */
async function write(content: Content, response: Writable, writer: SoleWriter): Promise<void> {
  if (content.isDelayed === true) flushHead(response, writer);
  let unsent = content.length ?? Infinity;
  for (let chunk = content.takeFirst?.() ?? (await content.next()); chunk !== undefined;) {
    if (isGone(response) || isBroken(response)) return chunkPool.release(chunk);
    unsent -= chunk.byteLength;
    if (unsent === 0) return endWith(content, response, writer, chunk);
    chunk = await writeAndReadOn(content, response, writer, chunk);
  }
  if (unsent !== Infinity && unsent !== 0) throw new SourceLengthError(`${unsent} bytes are missing at the end`);
  writer.release().end();
}

/** Sends the head without waiting for content. */
function flushHead(response: Writable & Partial<Pick<OutgoingMessage, 'flushHeaders'>>, writer: SoleWriter): void {
  response.flushHeaders?.();
  writer.keep();
}

/** A client that accepts nothing for this long, in ms, is stalled: no chunk is kept ready for it. */
const STALLED_MS = 200;

/** Writes a chunk while reading the next one, which is put back if the client stalls. */
async function writeAndReadOn(
  content: Content,
  response: Writable,
  writer: SoleWriter,
  chunk: Uint8Array,
): Promise<Uint8Array | undefined> {
  let isUnread = false;
  const ahead = content.next();
  const writing = written(content, response, writer, chunk);
  const timer = setTimeout(() => {
    const unread = (next: Uint8Array | undefined): void => {
      isUnread = next !== undefined && content.unread(next);
    };
    ahead.then(unread, () => {}); // a failure is thrown below
  }, STALLED_MS);
  try {
    const [next] = await Promise.all([ahead, writing.finally(() => clearTimeout(timer))]);
    return isUnread ? content.next() : next;
  } finally {
    clearTimeout(timer); // reading has failed
  }
}

/**
 * Size of a write to an HTTP/2 stream, in bytes: two frames. Flow control may stop a write at any byte, and its callback is
 * called only when all of it was flushed to the kernel, so nothing is known about the progress within a slice.
 */
export const HTTP2_SLICE = 32 * 1024;

/**
 * The same over HTTP/1.1, where only a write that fails, and TLS, which encrypts all of it at once, do not tell about it. As long
 * as the largest chunk of a file, which is therefore written as it is.
 */
const HTTP1_SLICE = LARGEST_CHUNK;

/** Resolves when a chunk was flushed to the kernel, or the client disconnected. */
async function written(content: Content, response: Writable, writer: SoleWriter, chunk: Uint8Array): Promise<void> {
  const slice = isHttp2(response) ? HTTP2_SLICE : HTTP1_SLICE;
  if (chunk.byteLength <= slice) return writtenAtOnce(content, response, writer, chunk);
  for (let at = 0; at < chunk.byteLength && isOpen(response); at += slice) {
    await writtenAtOnce(content, response, writer, chunk.subarray(at, at + slice));
  }
}

/** Writes the last chunk, and ends the response with it, or over HTTP/2 with its last slice. */
async function endWith(content: Content, response: Writable, writer: SoleWriter, chunk: Uint8Array): Promise<void> {
  if (isHttp2(response)) return endInSlices(content, response, writer, chunk);
  if (chunk.byteLength <= SMALL_CONTENT && chunk.byteLength === content.length) {
    return end(content, writer.release(), chunk);
  }
  // Node.js takes a connection whose response was ended for idle, and a server that closes cuts it off.
  await written(content, response, writer, chunk);
  if (!isGone(response) && !isBroken(response)) writer.release().end();
}

async function endInSlices(content: Content, response: Writable, writer: SoleWriter, chunk: Uint8Array): Promise<void> {
  const lastSliceStart = Math.max(0, chunk.byteLength - HTTP2_SLICE);
  if (lastSliceStart > 0) await written(content, response, writer, chunk.subarray(0, lastSliceStart));
  if (!isGone(response)) end(content, writer.release(), chunk.subarray(lastSliceStart));
}

function writtenAtOnce(content: Content, response: Writable, writer: SoleWriter, chunk: Uint8Array): Promise<void> {
  content.countWritten(chunk.byteLength);
  const wasOurs = isWrittenToKernel(response);
  return new Promise((resolve) => {
    const hasRoom = writer.write(chunk, (error) => {
      const isWritten = (error === undefined || error === null) && isAlive(response);
      if (isWritten) countFlushed(content, response, chunk.byteLength);
      if (isWritten && wasOurs) recycle(response, chunk);
      resolve();
    });
    // A wrapper that was installed while the head was written may never call back.
    if (isPatched(response)) void (hasRoom ? resolve() : response.once('drain', resolve));
  });
}

function countFlushed(content: Content, response: Writable, length: number): void {
  if (isHttp2(response)) whenFlushed(response, () => content.countFlushed(length));
  else content.countFlushed(length);
}

/**
 * Returns a chunk to its pool if nobody can still hold it. Checked again after the write, since a wrapper may have been
 * installed while the head was written; chunks that a wrapper or a broken connection may keep are left to the garbage
 * collector.
 */
function recycle(response: Writable, chunk: Uint8Array): void {
  if (isWrittenToKernel(response)) chunkPool.release(chunk);
}

/** Whether the connection broke during the last write, of which Node.js informs the response later. */
function isBroken(response: Writable & Partial<Pick<OutgoingMessage, 'socket'>>): boolean {
  return response.socket?.destroyed === true;
}

function isOpen(response: Writable): boolean {
  return !isGone(response) && (isHttp2(response) || !isBroken(response));
}

/** Node.js reports no error for a write that was cancelled because its connection closed. */
function isAlive(response: Writable & Partial<Pick<OutgoingMessage, 'socket'>>): boolean {
  return isHttp2(response) ? !isGone(response) : response.socket?.destroyed === false;
}

function end(content: Content, response: Writable, chunk: Uint8Array): void {
  content.countWritten(chunk.byteLength);
  if (!isWrittenToKernel(response)) return void response.end(chunk);
  response.end(chunk, () => recycle(response, chunk)); // called on 'finish', and only then
}
