// Run by Bun; the few types of it that this needs stand here.
import { readFileSync } from 'node:fs'
import type { Session } from '../support/session.ts'
import { runPeer } from './run-peer.ts'

interface BunServerSocket {
  sendText(data: string, compress: boolean): number
  sendBinary(data: Uint8Array, compress: boolean): number
  ping(payload: Uint8Array): number
  close(code?: number, reason?: string): void
}

interface BunClientSocket extends Omit<WebSocket, 'addEventListener'> {
  ping(payload: Uint8Array): void
  addEventListener(type: string, listener: (event: MessageEvent<ArrayBuffer>) => void): void
}

interface BunServer {
  readonly port: number
  upgrade(request: Request, options: { headers?: Record<string, string> }): boolean
  stop(): Promise<void>
}

declare const Bun: { serve(options: object): BunServer }
declare const WebSocket: new (url: string, options: object) => BunClientSocket

runPeer({
  connect(url, spec, session) {
    const tls = spec.tls === null ? {} : { tls: { ca: readFileSync(spec.tls.cert, 'utf8') } }
    const options = { protocols: [...spec.subprotocols], perMessageDeflate: spec.compression !== null, ...tls }
    const socket = new WebSocket(url, options)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('ping', ({ data }) => session.ping(new Uint8Array(data)))
    socket.addEventListener('pong', ({ data }) => session.pong(new Uint8Array(data)))
    socket.onopen = () =>
      session.open({
        protocol: socket.protocol,
        extensions: socket.extensions,
        text: (data) => socket.send(data),
        binary: (data) => socket.send(data as Uint8Array<ArrayBuffer>),
        ping: (payload) => socket.ping(payload),
        close: (code, reason) => socket.close(code, reason),
      })
    socket.onmessage = ({ data }) => session.message(typeof data === 'string' ? data : new Uint8Array(data))
    socket.onclose = ({ code, reason, wasClean }) => session.closed(code, reason, wasClean)
  },
  async listen(spec, session) {
    const compress = spec.compression !== null
    let protocol = ''
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      ...(spec.tls === null
        ? {}
        : { tls: { cert: readFileSync(spec.tls.cert, 'utf8'), key: readFileSync(spec.tls.key, 'utf8') } }),
      fetch(request: Request) {
        const offered = (request.headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim())
        protocol = spec.subprotocols.find((name) => offered.includes(name)) ?? ''
        const headers = protocol === '' ? {} : { headers: { 'sec-websocket-protocol': protocol } }
        return server.upgrade(request, headers) ? undefined : new Response('no WebSocket', { status: 400 })
      },
      websocket: {
        perMessageDeflate: compress,
        maxPayloadLength: spec.maxMessageBytes,
        backpressureLimit: 2 ** 31 - 1,
        open: (socket: BunServerSocket) => open(socket, session, protocol, compress),
        message: (_socket: BunServerSocket, data: string | Uint8Array) => session.message(data),
        ping: (_socket: BunServerSocket, payload: Uint8Array) => session.ping(payload),
        pong: (_socket: BunServerSocket, payload: Uint8Array) => session.pong(payload),
        close: (_socket: BunServerSocket, code: number, reason: string) => session.closed(code, reason),
      },
    })
    return { port: server.port, end: () => void server.stop() }
  },
})

function open(socket: BunServerSocket, session: Session, protocol: string, compress: boolean): void {
  session.open({
    protocol,
    // It does not say.
    extensions: null,
    text: (data) => void socket.sendText(data, compress),
    binary: (data) => void socket.sendBinary(data, compress),
    ping: (payload) => void socket.ping(payload),
    close: (code, reason) => socket.close(code, reason),
  })
}
