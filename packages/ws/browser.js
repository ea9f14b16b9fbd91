// A bundle for browsers that reaches this door has taken a module for Node along: it is told so when it is used.
function WebSocket() {
  throw new Error(
    'ws does not work in the browser. Use the WebSocket that the browser has: globalThis.WebSocket, without an import.',
  )
}

export {
  WebSocket as createWebSocketStream,
  WebSocket as default,
  WebSocket as extension,
  WebSocket as PerMessageDeflate,
  WebSocket as Receiver,
  WebSocket as Sender,
  WebSocket as subprotocol,
  WebSocket,
  WebSocket as WebSocketServer,
}
