/** @module nestjs-range/zip */
export type { CrcStore } from './crc-store.js';
export type { ZipEntry } from './zip-entry.js';
export { zipSource, type ZipSourceOptions } from './zip-source.js';
