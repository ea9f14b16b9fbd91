import { readFileSync } from 'node:fs'
import { Agent, ping, WebSocket } from 'undici'
import { runPeer } from './run-peer.ts'

runPeer({
  // It answers pings by itself and tells of neither.
  tellsControls: false,
  connect(url, spec, session) {
    const ca = spec.tls === null ? {} : { connect: { ca: readFileSync(spec.tls.cert, 'utf8') } }
    const maxPayloadSize = spec.maxMessageBytes
    const dispatcher = new Agent({ ...ca, webSocket: { maxPayloadSize } })
    const socket = new WebSocket(url, { protocols: [...spec.subprotocols], dispatcher })
    socket.binaryType = 'arraybuffer'
    socket.onopen = () =>
      session.open({
        protocol: socket.protocol,
        extensions: socket.extensions,
        text: (data) => socket.send(data),
        binary: (data) => socket.send(data),
        ping: (payload) => ping(socket, Buffer.from(payload)),
        close: (code, reason) => socket.close(code, reason),
      })
    socket.onmessage = ({ data }) => session.message(typeof data === 'string' ? data : new Uint8Array(data))
    socket.onclose = ({ code, reason, wasClean }) => session.closed(code, reason, wasClean)
  },
})
