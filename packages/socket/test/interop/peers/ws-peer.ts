import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws'
import type { Compression, Session } from '../support/session.ts'
import { runPeer } from './run-peer.ts'

runPeer({
  connect(url, spec, session) {
    const socket = new WebSocket(url, [...spec.subprotocols], {
      perMessageDeflate: deflateOptions(spec.compression),
      maxPayload: spec.maxMessageBytes,
      ...(spec.tls === null ? {} : { ca: readFileSync(spec.tls.cert) }),
    })
    follow(socket, session)
    socket.on('open', () => open(socket, session))
  },
  async listen(spec, session) {
    const { tls } = spec
    const http = tls === null ? createHttp() : createHttps({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) })
    const server = new WebSocketServer({
      server: http,
      perMessageDeflate: deflateOptions(spec.compression),
      maxPayload: spec.maxMessageBytes,
      handleProtocols: (offered) => spec.subprotocols.find((name) => offered.has(name)) ?? false,
    })
    server.on('connection', (socket) => {
      follow(socket, session)
      open(socket, session)
    })
    await new Promise<void>((resolve) => {
      http.listen(0, '127.0.0.1', resolve)
    })
    return { port: (http.address() as AddressInfo).port, end: () => http.close() }
  },
})

function follow(socket: WebSocket, session: Session): void {
  socket.on('message', (data: Buffer, isBinary) => session.message(isBinary ? data : data.toString()))
  socket.on('ping', (payload) => session.ping(payload))
  socket.on('pong', (payload) => session.pong(payload))
  socket.on('close', (code, reason) => session.closed(code, String(reason)))
  // What it does about a fault is close.
  socket.on('error', (error) => console.error(error))
}

function open(socket: WebSocket, session: Session): void {
  const send = (data: string | Uint8Array, fragments: readonly Uint8Array[]): void => {
    const binary = typeof data !== 'string'
    if (fragments.length === 0) socket.send(data)
    for (const [i, fragment] of fragments.entries()) socket.send(fragment, { binary, fin: i === fragments.length - 1 })
  }
  const { protocol, extensions } = socket
  session.open({
    protocol,
    extensions,
    text: send,
    binary: send,
    ping: (payload) => socket.ping(payload),
    close: (code, reason) => socket.close(code, reason),
  })
}

function deflateOptions(compression: Compression | null): PerMessageDeflateOptions | false {
  return compression === null ? false : { ...compression, threshold: 0 }
}
