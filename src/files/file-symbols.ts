/** Registered symbols, so that the ESM and the CommonJS copy of the package recognise each other's files. */
export const RANGED_FILE: unique symbol = Symbol.for('nestjs-range:file');
export const RANGED_RESPONSE: unique symbol = Symbol.for('nestjs-range:response');
