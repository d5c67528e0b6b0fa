import * as zlib from 'node:zlib';

/**
 * Continues a CRC-32, as ZIP and gzip have it, with further bytes.
 *
 * @param crc of the bytes before; 0 at the beginning
 */
export function crc32(bytes: Uint8Array, crc: number): number {
  return native === undefined ? crc32ByTable(bytes, crc) : native(bytes, crc);
}

/** Whether a value can be a CRC-32. */
export function isCrc(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffffffff;
}

/** Missing in older runtimes. */
const native = (zlib as Partial<Pick<typeof zlib, 'crc32'>>).crc32;

let table: Uint32Array | undefined;

/** The same for runtimes without `zlib.crc32`. */
export function crc32ByTable(bytes: Uint8Array, crc: number): number {
  table ??= makeTable();
  let register = ~crc;
  for (const byte of bytes) register = (table[(register ^ byte) & 0xff] ?? 0) ^ (register >>> 8);
  return ~register >>> 0;
}

/** The reversed polynomial of IEEE 802.3. */
const POLYNOMIAL = 0xedb88320;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let register = byte;
    for (let bit = 0; bit < 8; bit++) register = (register & 1) === 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
    return register;
  });
}
