import { decodeCloseReason } from '@wigwag/protocol'
import { type CloseReason, closeReason, reasonOfCode } from '../reason/close-reason.ts'
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
      let isOpen = false
      let socket: WebSocketLike
      try {
        socket = new (options.WebSocket ?? globalThis.WebSocket)(String(sessionUrl(url)))
      } catch (cause) {
        // No such class, or a URL that this page may not ask.
        let isOver = false
        queueMicrotask(() => isOver || sink.closed(closeReason('unreachable', { text: String(cause), cause })))
        return { send: () => {}, close: () => (isOver = true) }
      }
      const close = (): void => {
        socket.onopen = socket.onmessage = socket.onclose = null
        socket.close(1000)
      }
      const end = (reason: CloseReason): void => {
        close()
        sink.closed(reason)
      }
      socket.onopen = () => {
        isOpen = true
        socket.send(sink.greeting())
      }
      socket.onmessage = ({ data }: { data: unknown }) => {
        if (typeof data === 'string') sink.received(data)
        else end(closeReason('notAHub', { text: 'what came is no text' }))
      }
      // Browsers tell no more than that there was one, and `close` follows.
      socket.onerror = () => {}
      socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
        const { reason: text, delayMs } = decodeCloseReason(code, reason)
        end(isOpen ? reasonOfCode(code, { text, delayMs }) : closeReason('unreachable', { code, text }))
      }
      return { send: (text) => socket.send(text), close }
    },
  }
}
