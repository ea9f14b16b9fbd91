import { WebSocket as OurWebSocket } from '@wigwag/ws'
import * as ws from 'ws'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'

/** What `require('ws')` is, as its documentation has it: the types of the one serve for the other. */
export type Face = typeof WebSocket & {
  readonly WebSocketServer: typeof WebSocketServer
  readonly createWebSocketStream: typeof createWebSocketStream
}

/** `ws` 8.23.0 itself, to compare with. */
export const theirs: Face = Object.assign(WebSocket, {
  WebSocketServer,
  createWebSocketStream,
  // Its types do not have it.
  Sender: (ws as unknown as { Sender: unknown }).Sender,
})
/** The face of it. */
export const ours = OurWebSocket as unknown as Face
