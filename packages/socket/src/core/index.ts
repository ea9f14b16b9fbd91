export { encodeBase64 } from './bytes/base64.ts'
export type { BytePort } from './bytes/byte-port.ts'
export { FrameArena } from './bytes/frame-arena.ts'
export { xorInPlace } from './bytes/masking.ts'
export { portableBytes } from './bytes/portable-bytes.ts'
export { Utf8Validator } from './bytes/utf8-validator.ts'
export { Connection } from './connection/connection.ts'
export {
  type ConnectionOptions,
  checkFlagOption,
  checkModeOption,
  checkNumberOption,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
  withoutUndefined,
} from './connection/connection-options.ts'
export { type ConnectionPorts, ConnectionProfile } from './connection/connection-profile.ts'
export type { ConnectionSink } from './connection/connection-sink.ts'
export type { CloseOutcome, ConnectionState } from './connection/connection-state.ts'
export { Keepalive, type KeepaliveEffect, type KeepaliveOptions } from './connection/keepalive.ts'
export { CloseCode, isSendableCloseCode } from './error/close-code.ts'
export { type ErrorCode, ProtocolError, TransportError, UsageError, WigwagError } from './error/wigwag-error.ts'
export { type DeflateAgreement, DeflateCodec } from './extension/deflate/deflate-codec.ts'
export {
  type DeflateParameters,
  encodeDeflateParameters,
  parseDeflateParameters,
} from './extension/deflate/deflate-parameters.ts'
export type { DeflatePort, DeflateSettings, Inflated } from './extension/deflate/deflate-port.ts'
export { type InflateRules, inflateMessage } from './extension/deflate/inflate-message.ts'
export { PerMessageDeflate } from './extension/deflate/per-message-deflate.ts'
export type { PerMessageDeflateOptions } from './extension/deflate/per-message-deflate-options.ts'
export { type ChainLink, ExtensionChain } from './extension/extension-chain.ts'
export { type ExtensionOffer, encodeExtensions, parseExtensions } from './extension/extension-header.ts'
export type {
  AcceptedExtension,
  ExtensionParameters,
  MessageCodec,
  MessageExtension,
  ReservedBit,
} from './extension/message-extension.ts'
export {
  answerExtensions,
  confirmExtensions,
  type NegotiatedExtensions,
  offerExtensions,
} from './extension/negotiate-extensions.ts'
export { type CloseInfo, encodeClosePayload, MAX_CLOSE_REASON_BYTES, parseClosePayload } from './frame/close-payload.ts'
export { firstByte, frameHeaderBytes, writeFrameHeader } from './frame/frame-header.ts'
export { type FrameConsumer, FrameParser } from './frame/frame-parser.ts'
export type { FrameRules } from './frame/frame-rules.ts'
export { type FrameOutput, FrameWriter } from './frame/frame-writer.ts'
export type { MessageType } from './frame/message-type.ts'
export { isControlOpcode, Opcode } from './frame/opcode.ts'
export { type EncodedFrame, PreparedMessage, type PrepareOptions } from './frame/prepared-message.ts'
export type { Role } from './frame/role.ts'
export { acceptKey, GUID, isWebSocketKey } from './handshake/accept-key.ts'
export {
  type AccessRefusal,
  checkHost,
  checkOrigin,
  type HostPolicy,
  isOwnOrigin,
  isSameOrigin,
  LOOPBACK_HOSTS,
  type OriginPolicy,
  parseHost,
} from './handshake/access-policy.ts'
export { ClientHandshake, type UpgradeAgreement, type UpgradeWish } from './handshake/client-handshake.ts'
export { type AddressPort, findClientAddress, type Peer, requestedHost } from './handshake/forwarded.ts'
export {
  assertResponseHeaders,
  encodeUpgradeRefusal,
  encodeUpgradeResponse,
  judgeUpgrade,
  type UpgradeAnswer,
  type UpgradeOffer,
  type UpgradePolicy,
  type UpgradeRefusal,
  type UpgradeVerdict,
  WEBSOCKET_VERSION,
} from './handshake/server-handshake.ts'
export { parseSubprotocols, selectSubprotocol } from './handshake/subprotocol.ts'
export { HeaderFields, isToken } from './http/header-fields.ts'
export {
  type CollectedHead,
  HeadCollector,
  isFieldValue,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './http/http-head.ts'
export { type QuickUpgrade, readQuickUpgrade } from './http/quick-upgrade.ts'
export { originForm } from './http/request-target.ts'
export {
  MessageAssembler,
  type MessageConsumer,
  type MessageRules,
  type Utf8Mode,
} from './message/message-assembler.ts'
export type { MessageLimits } from './message/message-limits.ts'
