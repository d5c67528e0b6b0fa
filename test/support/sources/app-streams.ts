import FormData from 'form-data';
import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import nodeStream, { Duplex, PassThrough, pipeline, Readable, Stream, Transform } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { createDeflate, createGzip } from 'node:zlib';

interface StreamLibrary {
  readonly Readable: typeof Readable;
  readonly PassThrough: typeof PassThrough;
  readonly Transform: typeof Transform;
  readonly Duplex: typeof Duplex;
}

// Two of them have no types of their own.
const require = createRequire(import.meta.url);
const load = (name: string): StreamLibrary => require(name) as StreamLibrary;
export const STREAM_LIBRARIES: Readonly<Record<string, StreamLibrary>> = {
  'Node.js': nodeStream,
  'readable-stream 2': load('readable-stream-2'),
  'readable-stream 3': load('readable-stream-3'),
  'readable-stream 4': load('readable-stream'),
};

/** Text with what every encoding but UTF-8 changes, in pieces that cut characters. */
export const CONTENT = Buffer.from('grün, 10 €, 🎬 and plain text; '.repeat(700));

export function pieces(size = 1001): Buffer[] {
  const result: Buffer[] = [];
  for (let at = 0; at < CONTENT.length; at += size) result.push(CONTENT.subarray(at, at + size));
  return result;
}

/** A stream of the time before there was `read`: it emits, heeds `pause` or not, and has `pipe` from `Stream`. */
class LegacyStream extends Stream {
  readable = true;
  private isPaused = false;
  private isOver = false;

  constructor(
    private readonly chunks: (Buffer | string)[],
    private readonly end: 'end' | 'close' | 'error' = 'end',
  ) {
    super();
    setImmediate(() => this.emitNext());
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    setImmediate(() => this.emitNext());
  }

  destroy(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.emit('close');
  }

  private emitNext(): void {
    while (!this.isPaused && !this.isOver) {
      const chunk = this.chunks.shift();
      if (chunk === undefined) {
        this.isOver = true;
        if (this.end === 'error') this.emit('error', new Error('broken'));
        if (this.end === 'end') this.emit('end');
        this.emit('close');
      } else {
        this.emit('data', chunk);
      }
    }
  }
}

function fed<T extends NodeJS.WritableStream>(stream: T, chunks: readonly (Buffer | string)[] = pieces()): T {
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return stream;
}

function form(): FormData {
  const data = new FormData();
  data.setBoundary('----the-same-each-time');
  data.append('title', 'grün');
  data.append('bytes', Readable.from(pieces(), { objectMode: false }), {
    filename: 'a.bin',
    knownLength: CONTENT.length,
  });
  data.append('buffer', CONTENT, { filename: 'b.bin' });
  return data;
}

async function incoming(port: number, path: string): Promise<IncomingMessage> {
  const [message] = (await once(get({ port, path, agent: false }), 'response')) as [IncomingMessage];
  return message;
}

type Make = (port: number) => unknown;

/** Of each of the libraries. */
function ofLibrary(
  name: string,
  { Readable: R, PassThrough: P, Transform: T, Duplex: D }: StreamLibrary,
): Record<string, Make> {
  const reading = (options: object, chunks: readonly unknown[] = pieces()): Readable => {
    const left = [...chunks];
    return new R({ ...options, read: pushNext });
    function pushNext(this: Readable): void {
      this.push(left.shift() ?? null);
    }
  };
  const upper = () =>
    new T({
      transform(chunk: Buffer, _encoding, done) {
        done(null, chunk.toString('latin1').toUpperCase());
      },
    });
  return {
    [`a Readable of ${name}`]: () => reading({}),
    [`a Readable of ${name} with a small buffer`]: () => reading({ highWaterMark: 1 }),
    [`a Readable of ${name} in object mode, of Buffers`]: () => reading({ objectMode: true }),
    [`a Readable of ${name} in object mode, of strings`]: () =>
      reading({ objectMode: true }, ['grün', ' € ', '🎬', 'end']),
    [`a Readable of ${name} in object mode, of both`]: () =>
      reading({ objectMode: true }, ['grün', Buffer.from([0, 255]), 'x']),
    [`a Readable of ${name} in object mode, of Uint8Arrays`]: () =>
      reading({ objectMode: true }, [new Uint8Array([1, 2, 200]), new Uint8Array([0])]),
    [`a Readable of ${name} that is empty`]: () => reading({}, []),
    [`a Readable of ${name} with an encoding`]: () => reading({ encoding: 'base64' }),
    [`a PassThrough of ${name} that was fed and ended`]: () => fed(new P({ highWaterMark: 1024 * 1024 })),
    [`a PassThrough of ${name} that is fed later`]: () => {
      const stream = new P();
      setImmediate(() => fed(stream));
      return stream;
    },
    [`a Transform of ${name}`]: () => fed(upper()),
    [`a Duplex of ${name}`]: () => {
      const left = pieces();
      return new D({ read: pushNext, write: (_chunk, _encoding, done) => done() });
      function pushNext(this: Duplex): void {
        this.push(left.shift() ?? null);
      }
    },
    [`a paused Readable of ${name}`]: () => reading({}).pause(),
    [`a Readable of ${name} that was read to its end`]: async () => {
      const stream = new R({ read() {} });
      stream.push('all');
      stream.push(null);
      stream.resume();
      await once(stream, 'end');
      return stream;
    },
    [`a Readable of ${name} of which some was read`]: async () => {
      const stream = reading({});
      await once(stream, 'readable');
      stream.read(10);
      return stream;
    },
    [`a Readable of ${name} of which some was read and put back`]: async () => {
      const stream = reading({});
      await once(stream, 'readable');
      stream.unshift(stream.read(10));
      return stream;
    },
  };
}

/** What Nest sends, by what it is. */
export const SENT: Readonly<Record<string, Make>> = {
  ...Object.assign({}, ...Object.entries(STREAM_LIBRARIES).map(([name, library]) => ofLibrary(name, library))),
  'a form of form-data': form,
  'a Stream from before there was read()': () => new LegacyStream(pieces()),
  'a Stream from before, of strings': () => new LegacyStream(['grün', '€']),
  'an archive in a pipeline': () => pipeline(Readable.from(pieces(), { objectMode: false }), createGzip(), () => {}),
  'a deflate that was fed': () => fed(createDeflate()),
  'a web stream': () => Readable.fromWeb(new ReadableStream({ start: (controller) => controlled(controller) })),
  'a response of another server': (port: number) => incoming(port, '/upstream'),
  'the output of a process': () =>
    spawn(process.execPath, ['-e', 'process.stdout.write("x".repeat(200000) + "€")']).stdout,
  'a cipher': () => fed(createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))),
  'a hash': () => fed(createHash('sha256')),
  'a hash as hex': () => fed(createHash('sha256').setEncoding('hex')),
  'a generator': () => Readable.from(pieces()),
  'a composed stream': () => Readable.from(pieces()).compose(new PassThrough()),
};

function controlled(controller: { enqueue(chunk: Uint8Array): void; close(): void }): void {
  for (const piece of pieces()) controller.enqueue(piece);
  controller.close();
}

/** What Nest does not send whole: it fails, hangs, or sends less. */
export const BROKEN: Readonly<Record<string, Make>> = Object.assign(
  {},
  ...Object.entries(STREAM_LIBRARIES).map(([name, { Readable: R }]) => ({
    [`a Readable of ${name} that was destroyed`]: () => silenced(new R({ read() {} })).destroy(),
    [`a Readable of ${name} that was destroyed with an error`]: () =>
      silenced(new R({ read() {} })).destroy(new Error('early')),
    [`a Readable of ${name} that fails at once`]: () => failing(R, 0),
    [`a Readable of ${name} that fails later`]: () => failing(R, 5),
    [`a Readable of ${name} that is destroyed in the middle`]: () => failing(R, 5, null),
    [`a Readable of ${name} in object mode, of numbers`]: () => {
      const left = [1, 2, null];
      return new R({ objectMode: true, read: pushNext });
      function pushNext(this: Readable): void {
        this.push(left.shift());
      }
    },
  })),
  {
    'a Stream from before that fails': () => new LegacyStream(pieces(), 'error'),
    'a Stream from before that closes without an end': () => new LegacyStream(pieces(), 'close'),
    'a form whose file fails': () => {
      const data = form();
      data.append('late', failing(Readable, 3), { filename: 'c.bin' });
      return data;
    },
  },
) as Record<string, Make>;

function silenced<T extends NodeJS.EventEmitter>(stream: T): T {
  return stream.on('error', () => {});
}

/** Fails after so many chunks, by an error or, where that is `null`, without one. */
function failing(R: typeof Readable, chunks: number, error: Error | null = new Error('broken')): Readable {
  let pushed = 0;
  const stream: Readable = new R({
    read() {
      if (pushed++ < chunks) this.push(CONTENT.subarray(0, 1000));
      else setImmediate(() => stream.destroy(error ?? undefined));
    },
  });
  return stream;
}
