import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';

/** A content coding: the suffix of its files, and both its ways. */
export interface Coding {
  readonly name: string;
  readonly suffix: string;
  encode(bytes: Uint8Array): Buffer;
  decode(bytes: Uint8Array): Buffer;
}

export const BR: Coding = { name: 'br', suffix: '.br', encode: brotliCompressSync, decode: brotliDecompressSync };
export const GZIP: Coding = { name: 'gzip', suffix: '.gz', encode: gzipSync, decode: gunzipSync };
export const ZSTD: Coding = { name: 'zstd', suffix: '.zst', encode: toZstdFrame, decode: fromZstdFrame };

export const CODINGS: readonly Coding[] = [BR, ZSTD, GZIP];

const MAGIC = 0xfd2fb528;
/** The frame says the content's size in four bytes, and is one segment. */
const DESCRIPTOR = 0xa0;
const LARGEST_BLOCK = 128 * 1024;

/** Node.js has Zstandard from 22.15 on. Before, a frame of raw blocks does: it is as valid, only not smaller. */
function toZstdFrame(bytes: Uint8Array): Buffer {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer };
  if (zstdCompressSync !== undefined) return zstdCompressSync(bytes);
  const head = Buffer.alloc(9);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt8(DESCRIPTOR, 4);
  head.writeUInt32LE(bytes.length, 5);
  const pieces: Uint8Array[] = [head];
  for (let at = 0; at === 0 || at < bytes.length; at += LARGEST_BLOCK) {
    const block = bytes.subarray(at, at + LARGEST_BLOCK);
    const isLast = at + LARGEST_BLOCK >= bytes.length;
    const blockHead = Buffer.alloc(3);
    blockHead.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3);
    pieces.push(blockHead, block);
  }
  return Buffer.concat(pieces);
}

function fromZstdFrame(bytes: Uint8Array): Buffer {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Buffer };
  if (zstdDecompressSync !== undefined) return zstdDecompressSync(bytes);
  const frame = Buffer.from(bytes);
  if (frame.readUInt32LE(0) !== MAGIC || frame[4] !== DESCRIPTOR)
    throw new Error('not a frame as toZstdFrame makes it');
  const pieces: Buffer[] = [];
  for (let at = 9, isLast = false; !isLast;) {
    const blockHead = frame.readUIntLE(at, 3);
    isLast = (blockHead & 1) === 1;
    pieces.push(frame.subarray(at + 3, at + 3 + (blockHead >> 3)));
    at += 3 + (blockHead >> 3);
  }
  return Buffer.concat(pieces);
}
