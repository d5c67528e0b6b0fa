import { OutgoingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { chunkPool } from '../sources/chunk-pool.js';
import { SourceLengthError } from '../sources/source-errors.js';
import type { PrimedContent } from './primed-content.js';

/** How a stream takes part in a pipe. */
type PipeOptions = Parameters<Readable['pipe']>[1];

/**
 * The content of a response as the `Readable` that the adapters ask for. Piped straight into the response it steps
 * aside: the chunks are written one by one, each awaited, while the next is read. Anything else (a compressing
 * middleware, a plugin) reads it like any stream.
 */
export class ContentStream extends Readable {
  /** @param onFailure told once when the content breaks off, after the head was sent; it ends the connection */
  constructor(
    private readonly content: PrimedContent,
    private readonly response: Writable,
    private readonly onFailure: (error: unknown) => void,
  ) {
    super();
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: PipeOptions): T {
    const isOurs = (destination as unknown) === this.response && !isPatched(this.response) && !this.isObserved;
    if (!isOurs || options?.end === false) return super.pipe(destination, options);
    this.stepAside();
    void send(this.content, this.response).catch(this.onFailure);
    return destination;
  }

  /** Whether somebody reads beside the pipe, or has read before: a hook that counts octets, say. */
  private get isObserved(): boolean {
    return this.listenerCount('data') > 0 || this.readableDidRead;
  }

  /** Ends as a stream, for those who wait for its end; what is left to do is the response's alone. */
  private stepAside(): void {
    this._read = () => {};
    if (this.listenerCount('end') + this.listenerCount('close') === 0) return;
    this.push(null);
    this.resume();
  }

  override _read(): void {
    this.content.next().then(
      (chunk) => {
        const octets = chunk?.byteLength ?? 0;
        this.content.countGiven(octets);
        this.content.countTaken(octets); // whoever reads this tells nobody what becomes of it
        this.push(chunk ?? null);
      },
      (error: unknown) => {
        this.onFailure(error);
        this.destroy();
      },
    );
  }
}

/** How responses write and end as Node.js ships them, remembered before anybody patches the prototypes. */
const AS_SHIPPED: readonly (readonly [write: unknown, end: unknown])[] = [
  OutgoingMessage.prototype,
  Writable.prototype,
].map((prototype: object) => [Reflect.get(prototype, 'write'), Reflect.get(prototype, 'end')]);

/** Whether a middleware has put itself before the response: it may keep chunks, or drop the callback of their leaving. */
function isPatched(response: Writable): boolean {
  return !AS_SHIPPED.some(([write, end]) => response.write === write && response.end === end);
}

/** Writes the content and ends the response. Returns early where the response was closed: nobody waits for the rest. */
async function send(content: PrimedContent, response: Writable): Promise<void> {
  let unsent = content.length ?? Infinity;
  for (let chunk = await content.next(); chunk !== undefined;) {
    if (response.destroyed) return chunkPool.give(chunk);
    unsent -= chunk.byteLength;
    if (unsent === 0) return end(content, response, chunk);
    chunk = await writeAndReadOn(content, response, chunk);
  }
  if (unsent !== Infinity && unsent !== 0) throw new SourceLengthError(`${unsent} octets are missing at the end`);
  response.end();
}

/** A client that takes nothing for this time, in ms, has stopped: nothing is kept ready for it. */
const STALLED_MS = 200;

/** Writes a chunk while the next one is read, which is taken back when the client has stopped. */
async function writeAndReadOn(
  content: PrimedContent,
  response: Writable,
  chunk: Uint8Array,
): Promise<Uint8Array | undefined> {
  let isTakenBack = false;
  const ahead = content.next();
  const writing = written(content, response, chunk);
  const timer = setTimeout(() => {
    const takeBack = (next: Uint8Array | undefined): void => {
      isTakenBack = next !== undefined && content.takeBack(next);
    };
    ahead.then(takeBack, () => {}); // a failure is thrown below
  }, STALLED_MS);
  void writing.then(() => clearTimeout(timer));
  const [next] = await Promise.all([ahead, writing]);
  return isTakenBack ? content.next() : next;
}

/** Resolves when a chunk has left for the kernel, or never will. */
function written(content: PrimedContent, response: Writable, chunk: Uint8Array): Promise<void> {
  content.countGiven(chunk.byteLength);
  return new Promise((resolve) => {
    response.write(chunk, (error) => {
      if (error === undefined || error === null) {
        if (isAlive(response)) content.countTaken(chunk.byteLength);
        chunkPool.give(chunk);
      } else {
        giveWhenClosed(response, chunk);
      }
      resolve();
    });
  });
}

/**
 * A broken connection may hold a chunk until its handle is closed, which is what 'close' of a socket tells, and `closed` does
 * not. (The sessions of HTTP/2 live on, and keep theirs.)
 */
function giveWhenClosed(response: Writable, chunk: Uint8Array): void {
  const socket = response instanceof ServerResponse ? response.req.socket : undefined;
  if (socket?.destroyed === true) socket.once('close', () => chunkPool.give(chunk));
}

/** Of a write that the end of its connection has cancelled, Node.js tells no error. */
function isAlive({ socket }: Writable & Partial<Pick<OutgoingMessage, 'socket'>>): boolean {
  return socket?.destroyed === false;
}

function end(content: PrimedContent, response: Writable, chunk: Uint8Array): void {
  content.countGiven(chunk.byteLength);
  response.end(chunk, () => chunkPool.give(chunk)); // called on 'finish', and only then
}
