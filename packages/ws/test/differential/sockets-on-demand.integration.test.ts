import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect, type Server, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { createWebSocketStream, type ServerOptions, type WebSocket, type WebSocketServer } from 'ws'
import { ours } from '../support/faces.ts'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs, upgradeRequest } from '../support/scene.ts'

/** What no document names, and programs use. */
type Inside = WebSocket & { readonly _socket: Socket }
type InsideServer = WebSocketServer & { readonly _server: Server }

const socketOf = (end: WebSocket): Socket => (end as Inside)._socket
const httpOf = (server: WebSocketServer): Server => (server as InsideServer)._server

const bothClosed = (ends: { readonly client: WebSocket; readonly socket: WebSocket }): Promise<unknown> =>
  Promise.all([event(ends.client, 'close'), event(ends.socket, 'close')])

async function connectionsOf(server: WebSocketServer): Promise<number> {
  return new Promise((resolve) => httpOf(server).getConnections((_error, count) => resolve(count)))
}

describe('a server of its own gives out network sockets of net', () => {
  sameAsWs('in the connection event, and the request has the same', async (scene) => {
    const { server, url } = await scene.serve()
    server.on('connection', (socket, request) => {
      const transport = socketOf(socket)
      scene.log.note('same', transport === request.socket, transport === request.connection)
      scene.log.note('transport', transport, transport.remoteAddress, transport.remoteFamily, transport.readyState)
      scene.log.note('transport', transport.localPort === request.socket.localPort, transport.localAddress)
      scene.log.note('request', request, request.url, request.method, request.httpVersion, request.complete)
      scene.log.note('request', request.headers.upgrade, request.rawHeaders.length, request.headers['x-twice'])
      socket.on('message', (data) => socket.send(data))
      socket.send('hello')
    })
    const peer = await scene.dial(url)
    peer.socket.write(upgradeRequest('/a?b=1', 'X-Twice: 1\r\nX-Twice: 2\r\n'))
    await peer.head()
    const client = scene.log.watch('client', new scene.face(`${url}a?b=1`))
    await event(client, 'message')
    client.send('again')
    await event(client, 'message')
    const closed = event(client, 'close')
    client.close()
    await closed
  })

  for (const [when, ask] of Object.entries({
    'while a message is told': (socket: WebSocket, asked: () => void) => socket.once('message', asked),
    'in a turn of its own': (socket: WebSocket, asked: () => void) => socket.once('message', () => setImmediate(asked)),
    'while it is paused': (socket: WebSocket, asked: () => void) =>
      socket.once('message', () => {
        socket.pause()
        setImmediate(() => {
          asked()
          setImmediate(() => socket.resume())
        })
      }),
  })) {
    sameAsWs(`${when}: messages of both sides arrive in order, before and behind`, async (scene) => {
      const { server, url } = await scene.serve()
      const connected = event(server, 'connection')
      const client = new scene.face(url)
      const opened = event(client, 'open')
      const [socket] = (await connected) as [WebSocket]
      await opened
      const ends = { client, socket }
      // Where the two stand among the others depends on how bytes were cut into chunks.
      client.on('message', (data) => {
        const text = String(data)
        scene.log.note(/^\d|end/.test(text) ? 'echoes' : 'client', text.slice(0, 10), text.length)
      })
      const all = new Promise<void>((resolve) => {
        client.on('message', (data) => String(data) === 'end' && resolve())
      })
      ask(socket, () => {
        socket.send('before')
        const transport = socketOf(socket)
        scene.log.note('transport', transport, transport.remoteAddress, transport.writable, transport.destroyed)
        transport.on('data', () => {}) // whoever reads along
        socket.send('behind')
      })
      socket.on('message', (data) => socket.send(data))
      for (let i = 0; i < 50; i++) client.send(`${i}${'x'.repeat(i * 100)}`)
      client.send('end')
      await all
      const closed = bothClosed(ends)
      client.close(4000, 'enough')
      await closed
    })
  }

  sameAsWs('while much is queued', async (scene) => {
    const ends = await scene.open()
    const { client, socket } = ends
    client.pause()
    const data = Buffer.alloc(16 << 20, 'a') // more than the kernel takes at either end
    socket.send(data, scene.log.callback('callback', 'first'))
    await new Promise(setImmediate)
    const transport = socketOf(socket)
    scene.log.note('transport', transport.writable, socket.bufferedAmount > 0)
    socket.send(data, scene.log.callback('callback', 'second'))
    client.resume()
    await event(client, 'message')
    await event(client, 'message')
    const closed = bothClosed(ends)
    socket.close()
    await closed
  })

  sameAsWs('while it closes, and when it is closed', async (scene) => {
    const ends = await scene.open()
    const { client, socket } = ends
    const closed = bothClosed(ends)
    socket.on('close', () => scene.log.note('transport', 'closed', socketOf(socket).destroyed))
    socket.close(4000)
    scene.log.note('transport', 'closing', socketOf(socket).destroyed, client.readyState)
    await closed
    scene.log.note('transport', 'behind', socketOf(socket).destroyed, socketOf(socket).remoteAddress)
  })

  for (const [what, act] of Object.entries({
    destroy: (transport: Socket) => transport.destroy(),
    'destroy with an error': (transport: Socket) => transport.destroy(new Error('enough')),
    end: (transport: Socket) => transport.end(),
    'setTimeout and destroy': (transport: Socket) => transport.setTimeout(1, () => transport.destroy()),
  })) {
    sameAsWs(`${what} of request.socket ends the connection`, async (scene) => {
      const { server, url } = await scene.serve()
      const connected = event(server, 'connection')
      const client = scene.log.watch('client', new scene.face(url))
      const opened = event(client, 'open')
      const [socket, request] = (await connected) as [WebSocket, { readonly socket: Socket }]
      await opened
      scene.log.watch('server', socket)
      const closed = bothClosed({ client, socket })
      act(request.socket)
      await closed
    })
  }

  sameAsWs('a stream ends on it', async (scene) => {
    const ends = await scene.open()
    const closed = bothClosed(ends)
    const stream = createWebSocketStream(ends.socket)
    stream.resume()
    stream.end('last')
    await closed
  })

  sameAsWs('which it counts', async (scene) => {
    const ends = await scene.open()
    const { server, client, socket } = ends
    const second = new scene.face(ends.url)
    await event(second, 'open')
    const before = await connectionsOf(server)
    scene.log.note('moved', socketOf(socket))
    scene.log.note('count', before, await connectionsOf(server), httpOf(server).listening)
    const closed = bothClosed(ends)
    client.terminate()
    await closed
    scene.log.note('count', await connectionsOf(server))
    const ended = new Promise<void>((resolve) => server.close(() => resolve()))
    second.close()
    await ended
    scene.log.note('count', await new Promise((resolve) => server.once('close', resolve).close()))
  })
})

describe('a server of its own', () => {
  sameAsWs('tells verifyClient of the socket, which may be written to', async (scene) => {
    const options: ServerOptions = {
      verifyClient: ({ req, secure, origin }, decide) => {
        scene.log.note('client', secure, origin, req.socket.remoteAddress)
        if (req.url === '/written') req.socket.end('HTTP/1.1 418 teapot\r\nConnection: close\r\n\r\n')
        else setImmediate(() => decide(req.url !== '/no', 403, 'no', { 'X-Why': 'so' }))
      },
    }
    const { server, url } = await scene.serve(options)
    server.on('connection', (socket) => {
      scene.log.watch('server', socket)
      socket.send('hello')
    })
    for (const path of ['yes', 'no', 'written']) {
      const client = scene.log.watch('client', new scene.face(url + path))
      const closed = event(client, 'close')
      client.on('message', () => client.close())
      client.on('error', () => {})
      await closed
    }
  })

  // Frameworks give requests another prototype, and read what they take for a body.
  for (const prototype of ['its own', 'that of a framework']) {
    sameAsWs(`the request ends whoever reads it, with ${prototype} prototype`, async (scene) => {
      const readers: Record<string, (request: IncomingMessage) => Promise<unknown>> = {
        loop: async (request) => {
          for await (const chunk of request) scene.log.note('chunk', chunk)
        },
        flow: (request) => once(request.resume(), 'end'),
        data: (request) =>
          once(
            request.on('data', (chunk) => scene.log.note('chunk', chunk)),
            'end',
          ),
        readable: (request) =>
          once(
            request.on('readable', () => scene.log.note('read', request.read())),
            'end',
          ),
        pipe: (request) => finished(request.pipe(new PassThrough().resume())),
        dump: async (request) => {
          ;(request as unknown as { _dump(): void })._dump()
          await once(request, 'end')
        },
      }
      const { server, url } = await scene.serve()
      for (const [how, read] of Object.entries(readers)) {
        const connected = event(server, 'connection')
        const client = new scene.face(url)
        const opened = event(client, 'open')
        const [socket, request] = (await connected) as [WebSocket, IncomingMessage]
        await opened
        if (prototype !== 'its own') Object.setPrototypeOf(request, Object.create(IncomingMessage.prototype))
        const { readable, readableLength, readableEnded, destroyed, complete } = request
        scene.log.note(
          how,
          readable,
          readableLength,
          readableEnded,
          destroyed,
          complete,
          (request as { readonly upgrade?: unknown }).upgrade,
        )
        await read(request)
        scene.log.note(how, request.readableEnded, socket.readyState)
        socket.on('message', (data) => socket.send(data))
        client.send('still open')
        scene.log.note(how, String((await event(client, 'message'))[0]))
        client.terminate()
      }
    })
  }

  sameAsWs('tells what came with the upgrade, also when the request was asked for its socket', async (scene) => {
    const { server, url } = await scene.serve()
    server.on('headers', (lines, request) => {
      if (request.url === '/asked') lines.push(`X-From: ${request.socket.remoteAddress}`)
    })
    for (const path of ['/', '/asked']) {
      const connected = event(server, 'connection')
      // At once: nothing waits for listeners that come later.
      const second = new Promise<void>((resolve) =>
        server.once('connection', (socket) => {
          scene.log.watch('server', socket).on('message', (data) => String(data) === 'b' && resolve())
        }),
      )
      const peer = await scene.dial(url)
      const frames = [0x81, 0x81, 0, 0, 0, 0, 0x61, 0x81, 0x81, 0, 0, 0, 0, 0x62]
      peer.socket.write(Buffer.concat([Buffer.from(upgradeRequest(path)), Buffer.from(frames)]))
      const [socket] = (await connected) as [WebSocket]
      scene.log.note('peer', await peer.head())
      await second
      const closed = event(socket, 'close')
      peer.socket.destroy()
      await closed
    }
  })

  const touches: Record<string, (scene: Scene, server: WebSocketServer) => unknown> = {
    'with listeners on _server': (scene, server) =>
      httpOf(server)
        .on('connection', (socket) => scene.log.note('connection', socket))
        .on('upgrade', (request, socket) => scene.log.note('upgrade', request, socket)),
    'whose handleUpgrade was replaced': (scene, server) => {
      const { handleUpgrade } = server
      server.handleUpgrade = function replaced(request, socket, head, opened) {
        scene.log.note('upgrade', request, socket, head.length)
        handleUpgrade.call(this, request, socket, head, opened)
      }
    },
    'whose shouldHandle was replaced': (scene, server) => {
      server.shouldHandle = (request) => {
        scene.log.note('should', request.url)
        return request.url !== '/no'
      }
    },
  }
  for (const [name, touch] of Object.entries(touches)) {
    sameAsWs(`${name} asks them`, async (scene) => {
      const { server, url } = await scene.serve()
      touch(scene, server)
      for (const path of ['', 'no']) {
        const client = scene.log.watch('client', new scene.face(url + path))
        const closed = event(client, 'close')
        client.on('error', () => {})
        client.on('open', () => client.close())
        await closed
      }
    })
  }

  sameAsWs('handles no socket twice', async (scene) => {
    const { server, url } = await scene.serve()
    server.on('connection', (_socket, request) => {
      scene.log.try('call', 'again', () => server.handleUpgrade(request, request.socket, Buffer.alloc(0), () => {}))
    })
    const client = new scene.face(url)
    await event(client, 'open')
    const closed = event(client, 'close')
    client.close()
    await closed
  })

  sameAsWs('that was closed answers what still comes, and waits for it', async (scene) => {
    const { server, url } = await scene.serve()
    const peer = await scene.dial(url)
    // Connections are accepted in order: when the second is open, the first has been taken.
    const client = new scene.face(url)
    await event(client, 'open')
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    client.terminate()
    peer.socket.write(upgradeRequest('/', 'Connection: close\r\n'))
    scene.log.note('peer', (await peer.head()).split('\r\n', 1)[0])
    peer.socket.destroy()
    await closed
  })
})

test.skipIf(process.env['WIGWAG_IO'] === 'public')(
  'a connection of a server of its own has no socket of net until somebody asks',
  async () => {
    const server = new ours.WebSocketServer({ port: 0, host: '127.0.0.1' })
    await event(server, 'listening')
    const connected = event(server, 'connection')
    const { port } = server.address() as { port: number }
    const peer = connect(port, '127.0.0.1')
    await once(peer, 'connect')
    peer.write(upgradeRequest())
    const [socket] = (await connected) as [{ readonly _rawSocket: object; readonly _socket: Socket }]
    expect(socket._rawSocket.constructor.name).toMatch(/BareSocket/)
    expect(socket._socket.remotePort).toBe(peer.localPort)
    expect(socket._rawSocket).toBe(socket._socket)
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    peer.destroy()
    await closed
  },
)
