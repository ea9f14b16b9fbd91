export { type Sent, Socket, type SocketEvents, type SocketState } from './socket/socket.ts'
export { diagnosed } from './socket/socket-diagnosis.ts'
export type { Keepalive, SocketOptions } from './socket/socket-options.ts'
export type { OpenWebSocket, SocketBytes, SocketWebSocket } from './socket/socket-web-socket.ts'
