export { type ClientInfo, type Contract, defineContract } from '@wigwag/protocol'
export type {
  Announcement,
  Broker,
  BrokerListener,
  BrokerStatus,
  History,
  HistoryRange,
  HistoryStart,
  PublishOptions,
} from './broker/broker.ts'
export { findGap, noHistory } from './broker/history-gap.ts'
export {
  checkNumberOption,
  type HistoryOptions,
  type MemoryBrokerOptions,
  resolveHistoryOptions,
} from './broker/history-options.ts'
export { assertIdempotencyKey, MAX_IDEMPOTENCY_KEY_LENGTH } from './broker/idempotency-keys.ts'
export { MemoryBroker, type MemoryBrokerPorts } from './broker/memory-broker.ts'
export { assertChannelName, isChannelName, MAX_CHANNEL_NAME_LENGTH } from './channel/channel-name.ts'
export type { PublicationCodec } from './channel/publication-codec.ts'
export type { Subscriber } from './channel/subscriber.ts'
export { mergeRecovered, type Subscription } from './channel/subscription.ts'
export type { ClusterList } from './cluster/cluster-lists.ts'
export type { HubName } from './cluster/cluster-message.ts'
export type { ClusterOptions } from './cluster/cluster-options.ts'
export type { ConnectedSession, HubInfo } from './cluster/cluster-question.ts'
export { ContractError, type ContractErrorCode, type ContractIssue } from './contract/contract-error.ts'
export type { ContractOf, ContractOptions, NamedMethods, SchemaOptions } from './contract-options.ts'
export type { DrainOptions } from './drain/drain-options.ts'
export type { Departure, Drainable } from './drain/drainable.ts'
export { HubError, type HubErrorCode } from './error/hub-error.ts'
export { Hub } from './hub.ts'
export type { HubOptions } from './hub-options.ts'
export type { HubStats } from './hub-stats.ts'
export type { ChannelParts } from './namespace/channel-parts.ts'
export type { NamespaceBehavior, NamespaceOptions } from './namespace/namespace-options.ts'
export type {
  ChannelPermission,
  PermissionFunction,
  PermissionQuestion,
  PublishGrant,
  PublishPermission,
  SubscribeGrant,
  SubscribePermission,
} from './namespace/permission.ts'
export { ApplicationRefusal, type RefusalAnswer, type RefuseOptions, refuse } from './namespace/refuse.ts'
export type { SlowConsumerOptions } from './namespace/slow-consumer.ts'
export { MemoryPresenceStore, type MemoryPresenceStorePorts } from './presence/memory-presence-store.ts'
export { PresenceKeeper, type PresenceKeeperOptions, type PresenceTeller } from './presence/presence-keeper.ts'
export { type PresenceStoreOptions, resolvePresenceStoreOptions } from './presence/presence-options.ts'
export type { PresenceSource } from './presence/presence-source.ts'
export type { PresenceStats, PresenceStore } from './presence/presence-store.ts'
export { decodeBody, encodePlain } from './publication/data-format.ts'
export { encodePosition, type Position, parsePosition } from './publication/position.ts'
export {
  createPublication,
  type Gap,
  type JsonValue,
  type Publication,
  type PublicationData,
  type PublicationDetails,
} from './publication/publication.ts'
export {
  encodeGapLine,
  encodeLiveLine,
  encodePublicationLine,
  PUBLICATION_SUBPROTOCOL,
} from './publication/publication-line.ts'
export { assertTags, MAX_TAGS, MAX_TAGS_BYTES } from './publication/tags.ts'
export type { ServerRpc, ServerRpcAnswer, ServerRpcFunction } from './server-rpc.ts'
export { AuthenticationRefusal, type RefusalReason } from './session/authentication-refusal.ts'
export type { ClientSession } from './session/client-session.ts'
export type {
  AuthenticateFunction,
  Authenticator,
  ConnectQuestion,
  Credentials,
  RefreshQuestion,
  Refused,
  SubscriptionGrant,
  SubscriptionQuestion,
} from './session/credentials.ts'
export type { MemoryUse } from './session/memory-budget.ts'
export type { DroppedPublications } from './session/outbox-lane.ts'
export type { OutboxOptions } from './session/outbox-options.ts'
export {
  type ContractRpcFunction,
  type Rpc,
  type RpcAnswer,
  type RpcForAll,
  type RpcFunction,
  type RpcMethod,
  rpcMethod,
} from './session/rpc.ts'
export type { Session } from './session/session.ts'
export type { SessionTarget } from './session/session-action.ts'
export type { FullReason, SessionsFull } from './session/session-door.ts'
export type {
  PublishIntent,
  PublishVerdict,
  SessionHooks,
  Unsubscribed,
} from './session/session-hooks.ts'
export type { SessionOptions } from './session/session-options.ts'
export type { SessionPorts } from './session/session-ports.ts'
export type { SessionRegistry, SessionStats } from './session/session-registry.ts'
export type { SessionRequest, SessionTransport } from './session/session-transport.ts'
export type { SessionsOptions } from './session/sessions-options.ts'
export { MemoryTicketStore, type TicketStore } from './session/ticket-store.ts'
