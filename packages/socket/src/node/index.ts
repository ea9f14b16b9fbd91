export {
  type AcceptedExtension,
  CloseCode,
  type CloseInfo,
  type CloseOutcome,
  type ConnectionOptions,
  type ErrorCode,
  type ExtensionParameters,
  type HostPolicy,
  type MessageCodec,
  type MessageExtension,
  type MessageType,
  type OriginPolicy,
  type PerMessageDeflateOptions,
  PreparedMessage,
  type PrepareOptions,
  ProtocolError,
  type ReservedBit,
  TransportError,
  UsageError,
  WigwagError,
} from '../core/index.ts'
export { AddressSet } from './address-set.ts'
export { Admission, type AdmissionStats, type Caller, resolveAdmission } from './admission.ts'
export type { AddressLimitOptions, AdmissionOptions } from './admission-options.ts'
export { answerText } from './answer-text.ts'
export { type ConnectOptions, connectWebSocket, UpgradeRefusedError } from './connect-websocket.ts'
export type { ExtensionOptions } from './extension-options.ts'
export { type HttpInterceptor, interceptHttp } from './http-interceptor.ts'
export { hostPolicyOf, isLoopbackAddress } from './loopback.ts'
export { nodeDeflate } from './node-deflate.ts'
export { NodeWebSocket, type SocketInfo } from './node-web-socket.ts'
export type { Sendable, SendOptions, SendStatus } from './pump.ts'
export { Refusal, refuse } from './refusal.ts'
export { onRequestEnd } from './request-end.ts'
export type { HandlerResult, SlowReaderInfo, SocketHandlers } from './socket-handlers.ts'
export type { SocketOptions } from './socket-options.ts'
export type { UpgradeRequest } from './upgrade-request.ts'
export { WebSocketServer, type WebSocketServerOptions, type WebSocketServerStats } from './websocket-server.ts'
export type { ServerOptions } from './websocket-server-options.ts'
