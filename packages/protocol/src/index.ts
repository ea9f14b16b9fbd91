export { decodeCloseReason, encodeCloseReason } from './code/close-reason.ts'
export { type Disconnect, DisconnectCode, reconnectsAfter } from './code/disconnect-code.ts'
export { ErrorCode, isTemporary } from './code/error-code.ts'
export { resubscribesAfter, UnsubscribeCode } from './code/unsubscribe-code.ts'
export {
  type Contract,
  defineContract,
  type NamespaceContract,
  type PublicationSchema,
  type RpcContract,
} from './contract/contract.ts'
export type {
  ChannelOf,
  CheckedChannel,
  NamespaceInput,
  NamespaceOf,
  NamespaceOutput,
  NamespacesOf,
  PublicationInput,
  PublicationOutput,
} from './contract/contract-channel.ts'
export type { MethodsOf, RpcInput, RpcOutput, RpcReceived, RpcReturned } from './contract/contract-rpc.ts'
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './contract/standard-schema.ts'
export {
  type Command,
  type CommandLimits,
  type DecodedCommands,
  type DecodedPacket,
  decodeCommands,
} from './json/decode-commands.ts'
export { decodePackets, type HubPacket } from './json/decode-packets.ts'
export { encodePacket, PING_PACKET } from './json/encode-packets.ts'
export { nestsDeeper } from './json/nests-deeper.ts'
export type { ClientInfo } from './packet/client-info.ts'
export {
  type ChannelRequest,
  type CommandPacket,
  type ConnectRequest,
  type HistoryRequest,
  type Method,
  type PositionRequest,
  type PublishRequest,
  type RefreshRequest,
  type Requests,
  type RpcRequest,
  type SendRequest,
  type SubRefreshRequest,
  type SubscribeRequest,
  SubscriptionFlag,
  type SubscriptionRequest,
} from './packet/command.ts'
export type { Json } from './packet/json.ts'
export type { PublicationPacket } from './packet/publication-packet.ts'
export type { Push, PushPacket } from './packet/push.ts'
export type {
  ConnectResult,
  EmptyResult,
  ErrorPacket,
  HistoryResult,
  PresenceResult,
  PresenceStatsResult,
  RefreshResult,
  ReplyPacket,
  Results,
  SubRefreshResult,
  SubscribeResult,
} from './packet/reply.ts'
