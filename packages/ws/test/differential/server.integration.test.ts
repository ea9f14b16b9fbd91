import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { describe } from 'vitest'
import type { ServerOptions, WebSocket } from 'ws'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs, upgradeRequest } from '../support/scene.ts'

async function http(scene: Scene): Promise<Server> {
  const server = createServer((_, response) => response.end('plain')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scene.after(() => new Promise((resolve) => server.close(resolve)))
  scene.after(() => server.closeAllConnections())
  return server
}

const urlOf = (server: Server, path = '/'): string => `ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

/** The answer to bytes that a client sends. */
async function answerTo(scene: Scene, url: string, request: string): Promise<string> {
  const peer = await scene.dial(url)
  peer.socket.write(request)
  return (await peer.text()).replace(/Date: .*\r\n/, '')
}

describe('the constructor', () => {
  sameAsWs('wants exactly one of port, server and noServer', async ({ log, face }) => {
    const server = createServer()
    for (const options of [
      undefined,
      {},
      { port: 0, noServer: true },
      { server, noServer: true },
      { port: 0, server },
      { port: null },
    ]) {
      log.try('constructor', Object.keys(options ?? {}).join(), () => void new face.WebSocketServer(options as never))
    }
  })

  sameAsWs('address() says where it listens', async (scene) => {
    const { server } = await scene.serve()
    scene.log.note('server', Object.keys(server.address() as AddressInfo))
    const none = new scene.face.WebSocketServer({ noServer: true })
    scene.log.try('call', 'address', () => none.address())
    const closed = event(server, 'close')
    server.close()
    scene.log.note('server', server.address())
    await closed
  })

  sameAsWs('calls back when it listens, and tells of a port that is taken', async (scene) => {
    const { url } = await scene.serve()
    const second = new scene.face.WebSocketServer({ port: Number(new URL(url).port), host: '127.0.0.1' })
    const [error] = await event(second, 'error')
    scene.log.note('second', (error as NodeJS.ErrnoException).code)
  })
})

describe('what is no upgrade, or a wrong one', () => {
  const requests: Record<string, string> = {
    'a plain request': 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'another method': upgradeRequest().replace('GET', 'POST'),
    'another Upgrade': upgradeRequest().replace('websocket', 'other'),
    'no key': upgradeRequest().replace(/Sec-WebSocket-Key.*\r\n/, ''),
    'a key that is too short': upgradeRequest().replace(/Key: .*\r\n/, 'Key: abc\r\n'),
    'no version': upgradeRequest().replace(/Sec-WebSocket-Version.*\r\n/, ''),
    'another version': upgradeRequest().replace('Version: 13', 'Version: 12'),
    'another path': upgradeRequest('/other'),
    'a malformed subprotocol': upgradeRequest('/', 'Sec-WebSocket-Protocol: a b\r\n'),
    'a subprotocol twice': upgradeRequest('/', 'Sec-WebSocket-Protocol: a, a\r\n'),
    'a malformed extension': upgradeRequest('/', 'Sec-WebSocket-Extensions: permessage-deflate; =\r\n'),
  }
  for (const [name, request] of Object.entries(requests)) {
    sameAsWs(
      `is answered: ${name}`,
      async (scene) => {
        const { url } = await scene.serve({ path: '/', perMessageDeflate: true })
        scene.log.note('peer', (await answerTo(scene, url, request)).replace('Version: 13, 8', 'Version: 13'))
      },
      undefined,
    )
    sameAsWs(`is told to wsClientError: ${name}`, async (scene) => {
      const { server, url } = await scene.serve({ path: '/', perMessageDeflate: true })
      server.on('wsClientError', (error, socket, incoming) => {
        scene.log.note('server', error, socket, incoming)
        socket.end('HTTP/1.1 418 teapot\r\n\r\n')
      })
      scene.log.note('peer', (await answerTo(scene, url, request)).split('\r\n')[0])
    })
  }
})

describe('verifyClient', () => {
  const upgrade = upgradeRequest('/path', 'Origin: https://a.example\r\n')
  const hooks: Record<string, (scene: Scene) => NonNullable<ServerOptions['verifyClient']>> = {
    'says no': (scene) => (info: { origin: string; secure: boolean; req: unknown }) => {
      scene.log.note('hook', info.origin, info.secure, info.req)
      return false
    },
    'says no, when it likes': () => (_info, done) => void setImmediate(done, false),
    'says why': () => (_info, done) => done(false, 403, 'because', { 'X-Why': 'so' }),
    'says a code': () => (_info, done) => done(false, 404),
  }
  for (const [name, hook] of Object.entries(hooks)) {
    sameAsWs(name, async (scene) => {
      const { url } = await scene.serve({ verifyClient: hook(scene) })
      scene.log.note('peer', await answerTo(scene, url, upgrade))
    })
  }

  sameAsWs('says yes, when it likes', async (scene) => {
    await scene.open({ verifyClient: (_info, done) => setImmediate(done, true) })
  })

  sameAsWs('is not in time: the client has left', async (scene) => {
    const { server, url } = await scene.serve({
      verifyClient: ({ req }, done) => {
        req.socket.on('close', () => {
          done(true)
          scene.log.note('hook', 'done')
          server.emit('settled')
        })
        req.socket.destroy()
      },
    })
    server.on('connection', () => scene.log.note('server', 'connection'))
    const settled = event(server, 'settled')
    const peer = await scene.dial(url)
    peer.socket.write(upgrade)
    await settled
  })
})

describe('the handshake', () => {
  sameAsWs('chooses the first subprotocol, or what handleProtocols says', async (scene) => {
    for (const handleProtocols of [
      undefined,
      () => false as const,
      (offered: Set<string>) => [...offered][1] ?? false,
    ]) {
      const { url } = await scene.serve(
        handleProtocols && {
          handleProtocols: (offered, request) => {
            scene.log.note('hook', [...offered], request)
            return handleProtocols(offered)
          },
        },
      )
      const peer = await scene.dial(url)
      peer.socket.write(upgradeRequest('/', 'Sec-WebSocket-Protocol: a, b\r\n'))
      scene.log.note('peer', await peer.head())
    }
  })

  sameAsWs('leaves each socket what it agreed on, whatever others do', async (scene) => {
    const { server, url } = await scene.serve({ perMessageDeflate: true })
    const sockets: [WebSocket, WebSocket][] = []
    for (const protocols of [['a'], [], ['b', 'a'], ['a']]) {
      for (const perMessageDeflate of [true, false]) {
        const connected = event(server, 'connection')
        const client = new scene.face(url, protocols, { perMessageDeflate })
        scene.after(() => client.terminate())
        const opened = event(client, 'open')
        const [socket] = (await connected) as [WebSocket]
        await opened
        if (sockets.length % 3 === 1) socket.binaryType = 'arraybuffer'
        if (sockets.length % 4 === 2) socket.pause()
        sockets.push([client, socket])
      }
    }
    for (const ends of sockets) {
      for (const end of ends) scene.log.note('end', end.protocol, end.extensions, end.binaryType, end.isPaused)
    }
  })

  sameAsWs('lets headers be added', async (scene) => {
    const { server, url } = await scene.serve()
    server.on('headers', (headers, request) => {
      scene.log.note('headers', [...headers], request)
      headers.push('X-Added: yes')
    })
    const peer = await scene.dial(url)
    peer.socket.write(upgradeRequest())
    scene.log.note('peer', await peer.head())
  })

  sameAsWs('answers permessage-deflate when it is on', async (scene) => {
    const offers = [
      'permessage-deflate',
      'permessage-deflate; client_max_window_bits',
      'permessage-deflate; client_max_window_bits=15',
      'permessage-deflate; client_max_window_bits=10',
      'permessage-deflate; server_max_window_bits=10',
      'permessage-deflate; server_no_context_takeover',
      'foo, permessage-deflate',
    ]
    for (const perMessageDeflate of [false, true, { serverNoContextTakeover: true }]) {
      const { url } = await scene.serve({ perMessageDeflate })
      for (const offer of offers) {
        const peer = await scene.dial(url)
        peer.socket.write(upgradeRequest('/', `Sec-WebSocket-Extensions: ${offer}\r\n`))
        // In which order an answer has its parameters means nothing.
        scene.log.note('peer', (await peer.head()).split(/; |\r\n/).sort())
      }
    }
  })

  sameAsWs('makes sockets of the class that options name', async (scene) => {
    class Session extends scene.face {
      user = 'somebody'
    }
    const { server } = await scene.serve({ WebSocket: Session as never })
    const connected = event(server, 'connection')
    const client = new scene.face(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const opened = event(client, 'open')
    const [socket] = (await connected) as [Session]
    await opened
    scene.log.note('server', socket instanceof Session, socket.user, socket.url, socket.protocol, socket.readyState)
    client.terminate()
  })

  sameAsWs('compresses both ways', async (scene) => {
    const { client, socket } = await scene.open({ perMessageDeflate: true })
    scene.log.note('extensions', client.extensions, socket.extensions)
    for (let i = 0; i < 3; i++) {
      client.send('compressible '.repeat(200))
      socket.send(Buffer.alloc(5000, i), { compress: i !== 1 })
      socket.send('small')
      client.send(Buffer.from('frag'), { fin: false })
      client.send(Buffer.from('ments'))
    }
    const closed = Promise.all([event(client, 'close'), event(socket, 'close')])
    client.close()
    await closed
  })
})

describe('noServer', () => {
  sameAsWs('several servers on one, by path; handleUpgrade calls back before any message', async (scene) => {
    const server = await http(scene)
    const [one, two] = [1, 2].map(() => new scene.face.WebSocketServer({ noServer: true }))
    server.on('upgrade', (request, socket, head) => {
      const target = request.url === '/one' ? one : two
      target?.handleUpgrade(request, socket, head, (webSocket, incoming) => {
        scene.log.note('server', request.url, incoming === request, target.clients.size, webSocket.readyState)
        webSocket.on('message', (data) => scene.log.note('server', data))
      })
    })
    for (const path of ['/one', '/two']) {
      const client = new scene.face(urlOf(server, path))
      await event(client, 'open')
      client.send(path)
      const closed = event(client, 'close')
      client.close()
      await closed
    }
  })

  sameAsWs('handleUpgrade twice with one socket throws', async (scene) => {
    const server = await http(scene)
    const sockets = new scene.face.WebSocketServer({ noServer: true })
    const told = new Promise<void>((resolve) => {
      server.on('upgrade', (request, socket, head) => {
        sockets.handleUpgrade(request, socket, head, () => {})
        scene.log.try('call', 'again', () => sockets.handleUpgrade(request, socket, head, () => {}))
        resolve()
      })
    })
    const client = new scene.face(urlOf(server))
    await told
    client.on('error', () => {})
    client.terminate()
  })

  sameAsWs('two servers with paths on one: each refuses what is for the other', async (scene) => {
    const server = await http(scene)
    const one = new scene.face.WebSocketServer({ server, path: '/one' })
    const two = new scene.face.WebSocketServer({ server, path: '/two' })
    scene.log.note('servers', one.options.path, two.options.path)
    const client = scene.log.watch('client', new scene.face(urlOf(server, '/two')))
    const first = event(client, 'close')
    await first
  })

  sameAsWs('a request needs no Host', async (scene) => {
    const { server, url } = await scene.serve()
    server.on('connection', () => scene.log.note('server', 'connection'))
    const peer = await scene.dial(url)
    peer.socket.write(upgradeRequest().replace('Host: localhost\r\n', ''))
    scene.log.note('peer', (await peer.head()).split('\r\n', 1)[0])
  })

  sameAsWs('a request may be made up by the program, and its headers be numbers', async (scene) => {
    const sockets = new scene.face.WebSocketServer({ noServer: true })
    const duplex = new PassThrough()
    const headers = {
      upgrade: 'websocket',
      connection: 'upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': 13,
    }
    const request = { method: 'GET', url: '/', httpVersion: '1.1', headers }
    const told = event(duplex, 'data')
    sockets.handleUpgrade(request as never, duplex, Buffer.alloc(0), (socket) => {
      scene.log.note('server', socket.readyState)
      socket.on('error', () => {})
    })
    scene.log.note('answer', String((await told)[0]).split('\r\n', 1)[0])
    duplex.destroy()
  })

  sameAsWs('any Duplex will do for a socket', async (scene) => {
    const sockets = new scene.face.WebSocketServer({ noServer: true })
    const written: Buffer[] = []
    const duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk)
        done()
      },
    })
    const request = {
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      headers: {
        host: 'a',
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
      socket: {},
    }
    const opened = new Promise<WebSocket>((resolve) =>
      sockets.handleUpgrade(request as never, duplex, Buffer.alloc(0), (socket) =>
        resolve(scene.log.watch('server', socket)),
      ),
    )
    const socket = await opened
    duplex.push(frameBytes({ opcode: 1, mask: TEST_MASK, payload: Buffer.from('through a duplex') }))
    await event(socket, 'message')
    await new Promise((resolve) => socket.send('answer', resolve))
    scene.log.note('peer', Buffer.concat(written))
    duplex.push(null)
    await event(socket, 'close')
  })
})

describe('close', () => {
  sameAsWs('of a server of its own waits for its sockets, and does not close them', async (scene) => {
    const { server, client, socket } = await scene.open()
    const closed = new Promise((resolve) => server.close((error) => resolve(scene.log.note('close', error))))
    server.close((error) => scene.log.note('close', 'again', error))
    server.on('close', () => scene.log.note('close', 'event', server.clients.size))
    await new Promise(setImmediate)
    scene.log.note('states', client.readyState, socket.readyState)
    const ended = [event(client, 'close'), event(socket, 'close')]
    client.close()
    await Promise.all([closed, ...ended])
    const third = new Promise((resolve) => server.close((error) => resolve(scene.log.note('close', error))))
    await third
  })

  sameAsWs('of one on a foreign server leaves that alone', async (scene) => {
    const server = await http(scene)
    const sockets = new scene.face.WebSocketServer({ server })
    const before = ['upgrade', 'listening', 'error'].map((name) => server.listenerCount(name))
    const client = new scene.face(urlOf(server))
    await event(client, 'open')
    const closed = event(sockets, 'close')
    sockets.close(() => scene.log.note('server', 'closed', sockets.clients.size))
    scene.log.note(
      'listeners',
      before,
      ['upgrade', 'listening', 'error'].map((name) => server.listenerCount(name)),
      server.listening,
    )
    client.terminate()
    await closed
  })

  sameAsWs('refuses upgrades from then on', async (scene) => {
    const server = await http(scene)
    const sockets = new scene.face.WebSocketServer({ noServer: true, clientTracking: false })
    scene.log.note('clients', sockets.clients)
    server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => {}))
    const closed = event(sockets, 'close')
    sockets.close()
    await closed
    scene.log.note('peer', await answerTo(scene, urlOf(server), upgradeRequest()))
  })
})
