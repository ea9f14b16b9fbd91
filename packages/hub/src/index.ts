export type { ClientInfo } from '@wigwag/protocol'
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
export { assertChannelName, MAX_CHANNEL_NAME_LENGTH } from './channel/channel-name.ts'
export type { PublicationCodec } from './channel/publication-codec.ts'
export type { Subscriber } from './channel/subscriber.ts'
export { mergeRecovered, type Subscription } from './channel/subscription.ts'
export { HubError, type HubErrorCode } from './error/hub-error.ts'
export { Hub, type HubOptions, type HubStats } from './hub.ts'
export { MemoryPresenceStore, type MemoryPresenceStorePorts } from './presence/memory-presence-store.ts'
export { PresenceKeeper, type PresenceKeeperOptions, type PresenceTeller } from './presence/presence-keeper.ts'
export { type PresenceStoreOptions, resolvePresenceStoreOptions } from './presence/presence-options.ts'
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
export { AuthenticationRefusal, type RefusalAnswer, type RefusalReason } from './session/authentication-refusal.ts'
export type {
  Authenticator,
  ConnectQuestion,
  Credentials,
  SubscriptionGrant,
  SubscriptionQuestion,
} from './session/credentials.ts'
export { MemoryTicketStore, type TicketStore } from './session/ticket-store.ts'
