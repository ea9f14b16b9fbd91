import { decodeCloseReason } from '@wigwag/protocol'
import { closeReason, reasonOfCode } from '../reason/close-reason.ts'
import { sessionUrl } from './session-url.ts'
import type { Transport } from './transport.ts'

/** What is used of a WebSocket: that of browsers, of Node from 22 on, and of npm's `ws` and `undici`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** How a WebSocket is opened. */
export interface WebSocketTransportOptions {
  /** The class. Default: the global one, which Node has from version 22 on. */
  readonly WebSocket?: new (
    url: string,
  ) => WebSocketLike
}

/** Packets as text messages of a WebSocket. */
export function webSocket(options: WebSocketTransportOptions = {}): Transport {
  return {
    name: 'websocket',
    options,
    open(url, sink) {
      const endpoint = sessionUrl(url, 'websocket')
      endpoint.protocol = endpoint.protocol.replace('http', 'ws')
      let isOpen = false
      let isOver = false
      const end = (reason: ReturnType<typeof closeReason>): void => {
        if (isOver) return
        isOver = true
        sink.closed(reason)
      }
      let socket: WebSocketLike
      try {
        socket = new (options.WebSocket ?? globalThis.WebSocket)(String(endpoint))
      } catch (cause) {
        // No such class, or a URL that this page may not ask.
        queueMicrotask(() => end(closeReason('unreachable', { text: String(cause), cause })))
        return { send: () => {}, close: () => (isOver = true) }
      }
      socket.onopen = () => {
        if (isOver) return
        isOpen = true
        socket.send(sink.greeting())
      }
      socket.onmessage = ({ data }: { data: unknown }) => {
        if (isOver) return
        if (typeof data === 'string') sink.received(data)
        else end(closeReason('notAHub', { text: 'bytes came, where packets are text' }))
      }
      // Browsers tell no more than that there was one, and `close` follows.
      socket.onerror = () => {}
      socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
        const said = decodeCloseReason(code, reason)
        const text = said.reason
        end(
          isOpen ? reasonOfCode(code, { ...said, text }) : closeReason('unreachable', { code, ...(text && { text }) }),
        )
      }
      return {
        send: (text) => socket.send(text),
        close: () => {
          isOver = true
          socket.close(1000)
        },
      }
    },
  }
}
