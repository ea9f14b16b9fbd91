import { type Transport, type WebSocketLike, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import { poll } from '@wigwag/client/poll'
import { type EventSourceLike, sse } from '@wigwag/client/sse'
import { EventSource, WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket } from 'ws'

type SocketClass = new (url: string) => WebSocketLike
type SourceClass = new (url: string, init: { withCredentials: boolean }) => EventSourceLike

/** An event stream in Node. */
function sseInNode(): Transport {
  return sse({ EventSource: EventSource as unknown as SourceClass })
}

/** Every way to a hub. */
export const TRANSPORTS: readonly (readonly [name: string, create: () => Transport])[] = [
  ['the WebSocket of ws', () => webSocket({ WebSocket })],
  ['the WebSocket of undici', () => webSocket({ WebSocket: UndiciWebSocket as unknown as SocketClass })],
  ['an HTTP stream', () => httpStream()],
  ['an event stream', sseInNode],
  ['long polls', () => longPoll()],
  ['polls', () => poll({ intervalMs: 20 })],
]
