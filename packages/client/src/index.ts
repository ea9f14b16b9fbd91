export type { CallOptions } from './cancellable.ts'
export { checkBy } from './check-by.ts'
export { Client } from './client.ts'
export type { ClientOptions } from './client-options.ts'
export type { ChannelHistory, HistoryOptions } from './command/history.ts'
export type { OfflineQueueOptions } from './command/offline-queue.ts'
export type { PublishOptions } from './command/publish.ts'
export type { GetToken } from './connection/asked-tokens.ts'
export type { ClientEvents } from './connection/client-events.ts'
export type { Environment } from './environment/environment.ts'
export { ClientError, type ClientErrorCode, type ClientErrorDetails } from './error/client-error.ts'
export type { PublicationCheck } from './publication/faults-by.ts'
export type { Publication } from './publication/publication.ts'
export type { MessageHandler, MessageHandlers } from './publication/publication-types.ts'
export { advised, closeReasons } from './reason/advice.ts'
export {
  type CloseReason,
  type CloseReasonDetails,
  type CloseReasonName,
  closeReason,
  type OwnReasonName,
  reasonOfCode,
} from './reason/close-reason.ts'
export type { SubscriptionReason, SubscriptionReasonName } from './reason/subscription-reason.ts'
export type { ClientState } from './state/client-state.ts'
export type { Gap } from './state/gap.ts'
export type { Position } from './state/position.ts'
export type { SubscriptionState } from './state/subscription-machine.ts'
export type { Subscribed, SubscriptionEvents } from './subscription/core-subscription.ts'
export type { Subscription } from './subscription/subscription.ts'
export type { SubscriptionOptions } from './subscription/subscription-options.ts'
export type {
  OpenTransport,
  Transport,
  TransportChoice,
  TransportChoiceHost,
  TransportMemory,
  TransportSink,
} from './transport/transport.ts'
export { type WebSocketLike, type WebSocketTransportOptions, webSocket } from './transport/websocket.ts'
