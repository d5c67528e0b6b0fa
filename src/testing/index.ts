export { type ContractCheck, rangeSourceContract, type SourceContractOptions } from './source-contract.js';
export type { SourceUnderTest } from './source-reader.js';
