import type { OpenPacketLine, PacketLine } from './session-reader.ts'
import { WebSocketWire } from './web-socket-wire.ts'

/** Sessions over a WebSocket. */
export const openWebSocketLine: OpenPacketLine = async (port, { headers = {}, query = {} }, connect, sink) => {
  const parameters = new URLSearchParams(query).toString()
  const path = `/connection/websocket${parameters === '' ? '' : `?${parameters}`}`
  const socket = await WebSocketWire.connect(port, path, headers, {
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
      const { bytesRead, bytesWritten } = socket.wire.socket
      return { received: bytesRead, sent: bytesWritten }
    },
    send: (packets) => socket.send(packets),
    stall: () => socket.wire.stall(),
    goOn: () => socket.wire.goOn(),
    cut: () => socket.wire.reset(),
  }
  return line
}
