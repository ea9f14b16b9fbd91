export { type BrokerContractCase, brokerContract } from './broker-contract.ts'
export type { BrokerFactory, BrokerOutage, BrokerSubject, ContractHistory } from './broker-subject.ts'
export { ContractBreach } from './contract-assertions.ts'
export { ForwardingBroker } from './forwarding-broker.ts'
export { listenerOf } from './listener-of.ts'
export {
  type PresenceContractCase,
  type PresenceOutage,
  type PresenceStoreFactory,
  type PresenceSubject,
  presenceContract,
} from './presence-contract.ts'
export {
  type TicketContractCase,
  type TicketStoreFactory,
  type TicketSubject,
  ticketContract,
} from './ticket-contract.ts'
export { type TransportContractCase, transportContract } from './transport-contract.ts'
export type {
  TransportEnd,
  TransportFactory,
  TransportReader,
  TransportSubject,
  TransportSubjectOptions,
  TransportTold,
} from './transport-subject.ts'
