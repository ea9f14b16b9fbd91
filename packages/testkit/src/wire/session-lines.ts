import { EmulatedLine } from './emulated-line.ts'
import { bytesOf } from './http-wire.ts'
import { PolledLine } from './polled-line.ts'
import type { OpenPacketLine, PacketLine } from './session-reader.ts'
import { WebSocketWire } from './web-socket-wire.ts'

/** Sessions over a WebSocket. */
export const openWebSocketLine: OpenPacketLine = async (port, options, connect, sink) => {
  const { headers = {}, query = {} } = options
  const socket = await WebSocketWire.connect(port, `/connection/websocket${search(query)}`, headers, {
    message: (data) => sink.packets(String(data)),
    ping: () => {},
    closed: (how, code, reason) => {
      const delayMs = /"delay_ms":(\d+)/.exec(reason ?? '')?.[1]
      sink.closed({ how, ...(code && { code }), ...(delayMs && { comeBackMs: Number(delayMs) }) })
    },
  })
  socket.send(connect)
  const line: PacketLine = {
    headers: new Map(),
    get bytes() {
      return bytesOf([socket.wire])
    },
    send: (packets) => socket.send(packets),
    stall: () => socket.wire.stall(),
    goOn: () => socket.wire.goOn(),
    cut: () => socket.wire.reset(),
  }
  return line
}

/** Sessions over a stream of lines; what the client says goes up in requests beside it. */
export const openHttpStreamLine: OpenPacketLine = (port, options, connect, sink) => {
  const { headers = {}, query = {}, version = '1.1' } = options
  const path = `/connection/http_stream${search(query)}`
  const request = { method: 'POST', path, version, headers, body: connect }
  return EmulatedLine.open(port, options, sink, (line) => line, request)
}

/** Sessions over an event stream; what the client says goes up in requests beside it. */
export const openEventStreamLine: OpenPacketLine = (port, options, connect, sink) => {
  const { headers = {}, query = {}, version = '1.1' } = options
  const path = `/connection/sse${search({ ...query, cf_connect: connect })}`
  const packetOf = (line: string): string => (line.startsWith('data:') ? line.slice('data:'.length).trim() : '')
  const request = { path, version, headers: { Accept: 'text/event-stream', ...headers } }
  return EmulatedLine.open(port, options, sink, packetOf, request)
}

/** Sessions that poll; what the client says goes up in requests beside that. */
export const openLongPollLine: OpenPacketLine = (port, options, connect, sink) =>
  PolledLine.open(port, options, sink, (query) => `/connection/long_poll${search(query)}`, connect)

function search(query: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(query).toString()
  return parameters === '' ? '' : `?${parameters}`
}
