import { WebSocket as WebSocketClass } from './web-socket.ts'
import { WebSocketServer } from './web-socket-server.ts'

Object.assign(WebSocketClass, { Server: WebSocketServer, WebSocketServer, WebSocket: WebSocketClass })

export { WebSocketClass as WebSocket, WebSocketServer }
export default WebSocketClass
