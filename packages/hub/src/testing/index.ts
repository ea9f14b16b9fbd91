export { type BrokerContractCase, brokerContract } from './broker-contract.ts'
export type { BrokerFactory, BrokerSubject, ContractHistory } from './broker-subject.ts'
export { ContractBreach } from './contract-assertions.ts'
