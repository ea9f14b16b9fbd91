// What programs write, compiled as an ES module against the declarations. Nothing runs.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, ClientOptions, CloseEvent, Data, ErrorEvent, MessageEvent, Server } from 'ws'
import WebSocket, {
  createWebSocketStream,
  type WebSocket as Named,
  type RawData,
  type ServerOptions,
  WebSocketServer,
} from 'ws'

const client = new WebSocket('ws://localhost', ['a', 'b'], {
  headers: { a: 'b' },
  perMessageDeflate: { threshold: 10 },
})
const same: Named = client
const state: 0 | 1 | 2 | 3 = client.readyState
if (client.readyState === WebSocket.OPEN) client.send('text', (error?: Error) => error)
client.send(Buffer.from(''), { binary: false, compress: true, fin: false })
client.on('message', (data: RawData, isBinary: boolean) => client.send(data, { binary: isBinary }))
client.on('message', function (data) {
  const text: string = data.toString()
  this.send(text)
})
client.once('close', (code: number, reason: Buffer) => code + reason.length)
client.on('error', (error) => error.message)
client.on('unexpected-response', (request, response) => request.path + response.statusMessage)
client.on('custom', (anything) => anything)
client.onmessage = (event: MessageEvent) => event.data
client.onclose = ({ code, wasClean }: CloseEvent) => [code, wasClean]
client.onerror = ({ error, message }: ErrorEvent) => [error, message]
client.addEventListener('open', () => client.close(1000, 'bye'), { once: true })
client.addEventListener('message', ({ data }) => {
  const typed: Data = data
  return typed
})

const options: ServerOptions = { server: createServer(), path: '/', maxPayload: 1000, clientTracking: true }
const server = new WebSocketServer(options, () => {})
server.close((error) => error?.message)
server.on('connection', (socket, request) => {
  const address: string | undefined = request.socket.remoteAddress
  socket.ping(address)
  createWebSocketStream(socket, { encoding: 'utf8' }).pipe(process.stdout)
})
server.on('headers', (headers, request) => headers.push(`x: ${request.url}`))
for (const socket of server.clients) if (socket.readyState === WebSocket.OPEN) socket.terminate()
server.handleUpgrade(null as unknown as IncomingMessage, client as never, Buffer.alloc(0), (socket, request) =>
  server.emit('connection', socket, request),
)
const { port } = server.address() as AddressInfo
const other: Server = server
const clientOptions: ClientOptions = { rejectUnauthorized: false, followRedirects: true, handshakeTimeout: 1000 }

class Session extends WebSocket {
  user = ''
}
const typed = new WebSocketServer<typeof Session>({
  WebSocket: Session,
  noServer: true,
  verifyClient: ({ origin, secure, req }, done) => done(secure && origin !== req.url, 401, 'no', { a: 'b' }),
  handleProtocols: (protocols) => protocols.values().next().value ?? false,
})
typed.on('connection', (session) => session.user.length)
export default [same, state, port, other, clientOptions, WebSocket.CLOSED]
export type Namespaced = WebSocket.RawData | WebSocket.ClientOptions | Named.Data
