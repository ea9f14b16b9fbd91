import { extension } from './extension.ts'
import { PerMessageDeflate } from './per-message-deflate.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { subprotocol } from './subprotocol.ts'
import { WebSocket } from './web-socket.ts'
import { WebSocketServer } from './web-socket-server.ts'
import { createWebSocketStream } from './web-socket-stream.ts'

// `require('ws')` is the class, and everything else is on it.
Object.assign(WebSocket, {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  Server: WebSocketServer,
  subprotocol,
  WebSocket,
  WebSocketServer,
})

export {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  WebSocket,
  WebSocketServer,
}
export default WebSocket
