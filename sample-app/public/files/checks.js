// What proves a file that was downloaded in pieces to be the one that the server has. Each returns a sentence, or throws.
import { sha256 } from '@noble/hashes/sha2.js';

const END_LENGTH = 22;

/** By the digest in the field Repr-Digest: RFC 9530. */
export function checkDigest(bytes, headers) {
  const expected = headers.get('Repr-Digest');
  const digest = `sha-256=:${btoa(String.fromCharCode(...sha256(bytes)))}:`;
  if (digest !== expected) throw new Error(`Its SHA-256 is ${digest}, and the server says ${expected}.`);
  return `its SHA-256 is what the server says, ${digest}.`;
}

/** By the CRC-32 of each file in the archive. Such a small one has no ZIP64 records, and ours no comment at its end. */
export function checkArchive(bytes) {
  const view = new DataView(bytes.buffer);
  const end = bytes.length - END_LENGTH;
  const entries = view.getUint16(end + 10, true);
  let position = view.getUint32(end + 16, true);
  for (let entry = 0; entry < entries; entry++) position = checkEntry(bytes, view, position);
  return `all ${entries} files in it have the CRC-32 that the archive says.`;
}

/** @returns where the next entry of the directory begins */
function checkEntry(bytes, view, position) {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => view.getUint16(position + at, true));
  const name = new TextDecoder().decode(bytes.subarray(position + 46, position + 46 + nameLength));
  const head = view.getUint32(position + 42, true);
  const start = head + 30 + view.getUint16(head + 26, true) + view.getUint16(head + 28, true);
  const content = bytes.subarray(start, start + view.getUint32(position + 24, true));
  if (crc32(content) !== view.getUint32(position + 16, true)) throw new Error(`The file ${name} in it is damaged.`);
  return position + 46 + nameLength + extraLength + commentLength;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xed_b8_83_20 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = 0xff_ff_ff_ff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xff_ff_ff_ff) >>> 0;
}
