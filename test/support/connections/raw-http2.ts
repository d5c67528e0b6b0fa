import type { RawConnection } from './raw-client.js';

/** What a frame is (RFC 9113 §6), as far as it matters here. */
const TYPE = { data: 0, headers: 1, resetStream: 3, settings: 4, goAway: 7, windowUpdate: 8 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;

const LARGEST_WINDOW = 2 ** 31 - 1;

/** What a peer may send before it hears of a window (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW = 65_535;

/** What has arrived on the only stream of a connection. */
export interface ArrivedStream {
  /** Bytes of content. */
  readonly content: number;
  /** Whether it ended in order. */
  readonly isEnded: boolean;
  /** With which code it was reset. */
  readonly resetBy: number | undefined;
}

/**
 * A client of HTTP/2 that makes one request and opens no window by itself: unlike that of Node.js, it never tells the server
 * that something was read, and shows what arrived frame by frame.
 */
export class RawHttp2 {
  constructor(readonly connection: RawConnection) {}

  /** @param isEager lets the server send as much as the kernel takes */
  request(path: string, { isEager = false } = {}): void {
    const settings = isEager ? Buffer.concat([Buffer.from([0, 4]), uint32(LARGEST_WINDOW)]) : Buffer.alloc(0);
    this.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'), frame(TYPE.settings, 0, 0, settings));
    if (isEager) this.write(frame(TYPE.windowUpdate, 0, 0, uint32(LARGEST_WINDOW - DEFAULT_WINDOW)));
    // RFC 7541: GET, http, and the path and the authority as literals.
    const block = Buffer.concat([Buffer.from([0x82, 0x86, 0x04]), text(path), Buffer.from([0x01]), text('a.example')]);
    this.write(frame(TYPE.headers, END_STREAM | END_HEADERS, 1, block));
  }

  /** Resets the stream, and leaves the connection open. */
  reset(code: number): void {
    this.write(frame(TYPE.resetStream, 0, 1, uint32(code)));
  }

  /** All frames that have arrived in full, those that were looked at before included. */
  get arrived(): ArrivedStream {
    const bytes = this.connection.unread;
    let [content, isEnded, resetBy] = [0, false, undefined as number | undefined];
    for (let at = 0; at + 9 <= bytes.length;) {
      const length = bytes.readUIntBE(at, 3);
      const [type, flags] = [bytes[at + 3], bytes[at + 4] ?? 0];
      const payload = Math.min(length, bytes.length - at - 9);
      if (type === TYPE.data) content += payload;
      if (type === TYPE.data && (flags & END_STREAM) !== 0 && payload === length) isEnded = true;
      if (type === TYPE.resetStream && payload === length) resetBy = bytes.readUInt32BE(at + 9);
      at += 9 + length;
    }
    return { content, isEnded, resetBy };
  }

  private write(...frames: readonly Buffer[]): void {
    this.connection.socket.write(Buffer.concat(frames));
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string of up to 126 bytes, without Huffman coding. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}
