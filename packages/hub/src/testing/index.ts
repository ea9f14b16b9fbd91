export { type BrokerContractCase, brokerContract } from './broker-contract.ts'
export type { BrokerFactory, BrokerOutage, BrokerSubject, ContractHistory } from './broker-subject.ts'
export { ContractBreach } from './contract-assertions.ts'
