import { once } from 'node:events'
import { Agent, createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { describe } from 'vitest'
import type { ClientOptions, ServerOptions as SocketServerOptions, WebSocket } from 'ws'
import { LOCALHOST_CERTIFICATE } from '../../../socket/test/node/support/localhost-certificate.ts'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs } from '../support/scene.ts'

const { key, cert } = LOCALHOST_CERTIFICATE
const ca = cert
const agent = (): Agent => new Agent({ ca, keepAlive: true })

/** Echoes on TLS, and notes what each client is known by. */
async function serveTls(scene: Scene, options: SocketServerOptions = {}, tls: ServerOptions = {}): Promise<number> {
  const https = createServer({ key, cert, ...tls }).listen(0, '127.0.0.1')
  await once(https, 'listening')
  // A client that breaks the TLS handshake off is Node's to tell of.
  https.on('tlsClientError', () => {})
  const server = new scene.face.WebSocketServer({ server: https, ...options })
  scene.after(async () => {
    for (const socket of server.clients) socket.terminate()
    https.closeAllConnections()
    await new Promise((resolve) => https.close(resolve))
  })
  server.on('connection', (socket, request) => {
    const { encrypted, authorized, servername } = request.socket as TLSSocket & { readonly servername?: unknown }
    scene.log.note('request', encrypted, authorized, servername, request.headers.host)
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    socket.on('close', (code) => scene.log.note('closed at the server', code))
  })
  return (https.address() as AddressInfo).port
}

/** Connects, has some messages echoed if that succeeds, and waits for the end. */
async function converse(scene: Scene, url: string, options: ClientOptions): Promise<void> {
  const client = scene.log.watch('client', new scene.face(url, options))
  const closed = event(client, 'close')
  const opened = await Promise.race([event(client, 'open'), closed.then(() => undefined)])
  if (opened === undefined) return
  scene.log.note('extensions', client.extensions)
  for (const data of ['text', Buffer.alloc(200_000, 7), 'ü'.repeat(1_000_000)]) {
    const answer = event(client, 'message')
    client.send(data, scene.log.callback('client', 'send'))
    await answer
  }
  client.close(4000, 'enough')
  await closed
}

describe('over TLS', () => {
  const cases: readonly (readonly [string, () => ClientOptions & { readonly servername?: string }])[] = [
    ['an authority of its own', () => ({ ca })],
    ['an unknown authority', () => ({})],
    ['an unknown authority that does not matter', () => ({ rejectUnauthorized: false })],
    ['an agent', () => ({ agent: agent() })],
    ['an agent, and no compression', () => ({ agent: agent(), perMessageDeflate: false })],
    ['a name to ask for', () => ({ ca, servername: 'localhost' })],
    ['a name that the certificate has not', () => ({ ca, servername: 'elsewhere.example' })],
    ['no name', () => ({ ca, servername: '' })],
    ['an identity that is refused', () => ({ ca, checkServerIdentity: () => new Error('not this one') as never })],
    ['a version that the server does not speak', () => ({ ca, maxVersion: 'TLSv1.2' as const })],
  ]
  for (const host of ['localhost', '127.0.0.1']) {
    for (const [name, options] of cases) {
      sameAsWs(`to ${host}, with ${name}`, async (scene) => {
        const port = await serveTls(scene, { perMessageDeflate: { threshold: 0 } }, { minVersion: 'TLSv1.3' })
        await converse(scene, `wss://${host}:${port}/`, { ...options(), family: 4 } as ClientOptions)
      })
    }
  }

  sameAsWs('with a certificate of the client', async (scene) => {
    const port = await serveTls(scene, {}, { ca, requestCert: true })
    await converse(scene, `wss://127.0.0.1:${port}/`, { ca, key, cert } as ClientOptions)
    await converse(scene, `wss://127.0.0.1:${port}/`, { ca })
  })

  sameAsWs('verifyClient is told that it is secure', async (scene) => {
    const port = await serveTls(scene, {
      verifyClient: ({ secure, origin }, answer) => {
        scene.log.note('verifyClient', secure, origin)
        answer(false, 403, 'not you', { 'X-Why': 'because' })
      },
    })
    await converse(scene, `wss://127.0.0.1:${port}/`, { ca, origin: 'https://localhost' })
  })

  for (const [name, end] of [
    ['terminate()', (socket) => socket.terminate()],
    ['close()', (socket) => socket.close(1001, 'bye')],
    ['_socket.destroy()', (socket) => (socket as unknown as { _socket: TLSSocket })._socket.destroy()],
    ['_socket.end()', (socket) => (socket as unknown as { _socket: TLSSocket })._socket.end()],
  ] satisfies readonly (readonly [string, (socket: WebSocket) => void])[]) {
    for (const who of ['client', 'server']) {
      sameAsWs(`${name} of the ${who}, behind a message`, async (scene) => {
        const https = createServer({ key, cert }).listen(0, '127.0.0.1')
        await once(https, 'listening')
        const server = new scene.face.WebSocketServer({ server: https })
        scene.after(() => new Promise((resolve) => https.close(resolve)))
        const connected = event(server, 'connection')
        const client = new scene.face(`wss://127.0.0.1:${(https.address() as AddressInfo).port}/`, { ca })
        await event(client, 'open')
        const [socket] = (await connected) as [WebSocket]
        const [ending, other] = who === 'client' ? [client, socket] : [socket, client]
        scene.log.watch('ending', ending)
        scene.log.watch('other', other)
        const ends = [event(ending, 'close'), event(other, 'close')]
        ending.send('last words')
        end(ending)
        await Promise.all(ends)
      })
    }
  }

  sameAsWs('to a server without', async (scene) => {
    const { url } = await scene.serve()
    const client = new scene.face(url.replace('ws:', 'wss:'), { ca })
    client.on('error', (error: NodeJS.ErrnoException) => scene.log.note('client', error.code))
    await event(client, 'close')
  })

  sameAsWs('without, to a server with', async (scene) => {
    const port = await serveTls(scene)
    await converse(scene, `ws://127.0.0.1:${port}/`, {})
  })
})
