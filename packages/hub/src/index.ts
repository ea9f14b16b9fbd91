export type { Broker, BrokerListener, History, HistoryStart } from './broker/broker.ts'
export type { HistoryOptions, MemoryBrokerOptions } from './broker/history-options.ts'
export { MemoryBroker, type MemoryBrokerPorts } from './broker/memory-broker.ts'
export { assertChannelName, MAX_CHANNEL_NAME_LENGTH } from './channel/channel-name.ts'
export type { PublicationCodec } from './channel/publication-codec.ts'
export type { Subscriber } from './channel/subscriber.ts'
export { mergeRecovered, type Subscription } from './channel/subscription.ts'
export { HubError, type HubErrorCode } from './error/hub-error.ts'
export { Hub, type HubOptions, type HubStats } from './hub.ts'
export { decodeBody, encodePlain } from './publication/data-format.ts'
export { encodePosition, type Position, parsePosition } from './publication/position.ts'
export type { Gap, JsonValue, Publication, PublicationData } from './publication/publication.ts'
export {
  encodeGapLine,
  encodeLiveLine,
  encodePublicationLine,
  PUBLICATION_SUBPROTOCOL,
} from './publication/publication-line.ts'
