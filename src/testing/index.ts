/** @module nestjs-range/testing */
export { type FailingSource, rangeSourceContract, type SourceContractOptions } from './contract/source-contract.js';
export type { ContractCheck, MakeSource, SourceUnderTest } from './contract/source-reader.js';
export { checkRangedEndpoint, type EndpointOptions } from './endpoint/ranged-endpoint.js';
export type { Finding } from './endpoint/question.js';
