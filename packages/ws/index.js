// Through the same door as `require('ws')`: were there a module of its own behind each, a process in which one package
// imports it and another requires it would have two classes, and `instanceof` would fail between them.
import WebSocket from './index.cjs'

export { WebSocket as default, WebSocket }
export const { createWebSocketStream, extension, PerMessageDeflate, Receiver, Sender, subprotocol, WebSocketServer } =
  WebSocket
