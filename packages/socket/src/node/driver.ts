/**
 * For whoever builds another face on these sockets: the driver between a Node stream and a `Connection`, without an API of
 * its own around it. What it asks of handlers and options is what `WebSocketServer` and `connectWebSocket` ask.
 */
export { BareDoor, type BareDoorOwner } from './bare-door.ts'
export { BareRequest } from './bare-request.ts'
export { BareSocket } from './bare-socket.ts'
export { type ExtensionOptions, resolveExtensions } from './extension-options.ts'
export { atEndOfTurn, nextTick } from './host-time.ts'
export { nodeAcceptKey } from './node-accept-key.ts'
export { nodeBytes } from './node-bytes.ts'
export { nodeDeflate } from './node-deflate.ts'
export { servePlainRequest } from './plain-request.ts'
export { Pump, type PumpContext, type Sendable, type SendOptions, type SendStatus } from './pump.ts'
export { createProfile, flushAllSockets } from './socket-driver.ts'
export type { HandlerResult, SlowReaderInfo, SocketHandlers } from './socket-handlers.ts'
export { isRead, writeAnswer } from './socket-io.ts'
export { type ResolvedSocketOptions, resolveSocketOptions, type SocketOptions } from './socket-options.ts'
export { requestHead } from './upgrade-request.ts'
