/** Registered symbols, so that the ESM and the CommonJS copy of the package share them. */
export const RANGED_METADATA = Symbol.for('nestjs-range:ranged');
export const RANGE_MODULE_OPTIONS = Symbol.for('nestjs-range:options');
export const PARSER_OF_REQUEST = Symbol.for('nestjs-range:parser-of-request');
/** Provided wherever RangeModule was imported, even if its responder could not be created. */
export const RANGE_MODULE_IMPORTED = Symbol.for('nestjs-range:imported');
