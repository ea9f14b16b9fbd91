import { announce } from '../announce.ts'

// What is used of Bun's types; the package that has them would bring its own globals into every file.
interface BunSocket {
  readonly data: { readonly target: string }
  send(data: string | Uint8Array, compress?: boolean): number
  subscribe(topic: string): void
}
interface BunServer {
  readonly port: number
  upgrade(request: Request, options: { readonly data: BunSocket['data'] }): boolean
  publish(topic: string, data: string | Uint8Array, compress?: boolean): number
}
interface BunServeOptions {
  readonly port: number
  readonly hostname: string
  fetch(request: Request, server: BunServer): Response | undefined
  readonly websocket: {
    readonly perMessageDeflate: boolean
    open(socket: BunSocket): void
    message(socket: BunSocket, data: string | Uint8Array): void
  }
}
declare const Bun: { serve(options: BunServeOptions): BunServer }

const TOPIC = 'bench'
const compress = process.argv[2] === 'deflate'
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, on) {
    const data = { target: new URL(request.url).pathname }
    return on.upgrade(request, { data }) ? undefined : new Response('WebSocket only', { status: 400 })
  },
  websocket: {
    perMessageDeflate: compress,
    open(socket) {
      if (socket.data.target === '/sub') socket.subscribe(TOPIC)
    },
    message(socket, data) {
      if (socket.data.target === '/pub') server.publish(TOPIC, data, compress)
      else socket.send(data, compress)
    },
  },
})
announce(server.port)
