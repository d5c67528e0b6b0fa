/** @module nestjs-range/testing */
export { type ContractCheck, rangeSourceContract, type SourceContractOptions } from './source-contract.js';
export type { MakeSource, SourceUnderTest } from './source-reader.js';
export { checkRangedEndpoint, type EndpointOptions } from './ranged-endpoint.js';
export type { Finding } from './question.js';
