import { once } from 'node:events'
import nodeHttp, { createServer, type RequestListener, type Server } from 'node:http'
import nodeHttps from 'node:https'
import nodeNet, { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import nodeTls from 'node:tls'
import { describe } from 'vitest'
import type { WebSocket } from 'ws'
import { event } from '../support/log.ts'
import { type Scene, sameAsWs } from '../support/scene.ts'

/** An HTTP server that answers upgrades as it likes. */
async function answering(
  scene: Scene,
  answer: (request: string, end: (head: string) => void) => void,
): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (chunk: Buffer) => answer(chunk.toString('latin1'), (head) => socket.end(head)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scene.after(() => server.close())
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function http(scene: Scene, listener: RequestListener = (_, response) => response.end()): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scene.after(() => server.closeAllConnections())
  scene.after(() => server.close())
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

describe('the constructor', () => {
  sameAsWs('throws SyntaxError for URLs and subprotocols that cannot be', async ({ log, face }) => {
    const make = (...parameters: unknown[]): void => {
      log.try('constructor', JSON.stringify(parameters), () => {
        const client = new (face as unknown as new (...parameters: unknown[]) => WebSocket)(...parameters)
        client.on('error', () => {})
        client.terminate()
      })
    }
    for (const url of ['', 'no url', 'ftp://a', 'ws://a/#b', 'wss:', 'ws+unix:', 'mailto:a@b']) make(url)
    for (const names of [[''], ['a', 'a'], ['a,b'], ['é'], [null], 'a b', '']) make('ws://127.0.0.1:1', names)
  })

  sameAsWs('takes subprotocols in every form, and http URLs', async (scene) => {
    const { url } = await scene.serve({ handleProtocols: (offered) => [...offered].at(-1) ?? false })
    const forms: unknown[][] = [
      [url],
      [new URL(url)],
      [url.replace('ws:', 'http:')],
      [url, 'a'],
      [url, ['a', 'b']],
      [url, undefined, {}],
      [url, { protocols: ['x'] }],
      [url, { protocols: 'y' }],
      [url, [], { protocols: ['unused'] }],
      [`${url}path?query=1`, null],
    ]
    for (const form of forms) {
      scene.log.try('form', 'made', () => undefined)
      let client: WebSocket
      try {
        client = new (scene.face as unknown as new (...parameters: unknown[]) => WebSocket)(...form)
      } catch (error) {
        scene.log.note('form', error)
        continue
      }
      scene.log.note('form', client.url, client.protocol, client.readyState, client.extensions, client.binaryType)
      await event(client, 'open')
      scene.log.note('form', client.protocol, client.extensions)
      client.terminate()
    }
  })

  sameAsWs('has its constants where WHATWG has them, and can be enumerated', async ({ log, face }) => {
    const client = new face('ws://127.0.0.1:1')
    client.on('error', () => {})
    for (const owner of [face, client]) {
      log.note('constants', owner.CONNECTING, owner.OPEN, owner.CLOSING, owner.CLOSED)
    }
    const names: string[] = []
    for (const name in face.prototype) if (/^[a-z]/i.test(name)) names.push(name)
    for (const owner of [face, face.prototype]) {
      const states = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']
      log.note(
        'descriptors',
        states.map((state) => Object.getOwnPropertyDescriptor(owner, state)),
      )
    }
    log.note(
      'names',
      names
        .filter(
          (name) => name in EventTarget.prototype === false && !/^[gs]et|emit|listen|^on$|^once$|^off$/i.test(name),
        )
        .sort(),
    )
    client.terminate()
    await event(client, 'close')
  })
})

describe('while it connects', () => {
  sameAsWs('send, ping and pong throw', async (scene) => {
    const { url } = await scene.serve()
    const client = scene.log.watch('client', new scene.face(url))
    for (const act of ['send', 'ping', 'pong'] as const) scene.log.try('call', act, () => client[act]('x'))
    scene.log.note('client', client.bufferedAmount)
    await event(client, 'open')
  })

  for (const act of ['close', 'terminate'] as const) {
    sameAsWs(`${act} gives up: an error, then close`, async (scene) => {
      const { url } = await scene.serve()
      const client = scene.log.watch('client', new scene.face(url))
      client[act]()
      scene.log.note('client', client.readyState)
      client[act]()
      client.send('x', scene.log.callback('callback', 'send'))
      await event(client, 'close')
      scene.log.note('client', client.bufferedAmount)
    })

    sameAsWs(`${act} in the upgrade listener gives up`, async (scene) => {
      const { url } = await scene.serve()
      const client = scene.log.watch('client', new scene.face(url))
      client.on('upgrade', () => client[act]())
      await event(client, 'close')
    })
  }

  sameAsWs('an error without a listener is thrown', async (scene) => {
    const client = new scene.face('ws://127.0.0.1:1')
    scene.log.try('call', 'emit', () => client.emit('error', new Error('unheard')))
    client.on('error', (error) => scene.log.note('client', (error as NodeJS.ErrnoException).code))
    await event(client, 'close')
  })
})

describe('an upgrade that fails', () => {
  sameAsWs('nobody listens', async (scene) => {
    const client = scene.log.watch('client', new scene.face('ws://127.0.0.1:1/'))
    await event(client, 'close')
  })

  sameAsWs('another answer than 101', async (scene) => {
    const server = await http(scene, (_, response) => response.writeHead(401).end('no'))
    const client = scene.log.watch('client', new scene.face(`ws://127.0.0.1:${portOf(server)}`))
    await event(client, 'close')
  })

  sameAsWs('another answer, with a listener for it', async (scene) => {
    const server = await http(scene, (_, response) => response.writeHead(401, { a: 'b' }).end('no'))
    const client = scene.log.watch('client', new scene.face(`ws://127.0.0.1:${portOf(server)}`))
    await new Promise<void>((resolve) =>
      client.on('unexpected-response', (request, response) => {
        scene.log.note('client', request, response, response.statusCode, response.headers['a'], client.readyState)
        response.setEncoding('utf8').on('data', (text) => scene.log.note('client', text))
        response.on('end', resolve)
      }),
    )
    client.terminate()
    await event(client, 'close')
  })

  for (const [name, head, options] of [
    ['no Upgrade', 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n', {}],
    ['no Accept', 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', {}],
    [
      'a wrong Accept',
      'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
      {},
    ],
    ['no HTTP', 'hello\r\n\r\n', {}],
    ['nothing', '', {}],
  ] as const) {
    sameAsWs(name, async (scene) => {
      const url = await answering(scene, (_, end) => end(head))
      const client = scene.log.watch('client', new scene.face(url, options))
      await event(client, 'close')
    })
  }

  for (const [name, answer, options, subprotocols] of [
    ['a subprotocol that nobody asked for', 'Sec-WebSocket-Protocol: a\r\n', {}, []],
    ['another subprotocol', 'Sec-WebSocket-Protocol: b\r\n', {}, ['a']],
    ['no subprotocol', '', {}, ['a']],
    [
      'an extension that nobody asked for',
      'Sec-WebSocket-Extensions: permessage-deflate\r\n',
      { perMessageDeflate: false },
      [],
    ],
    ['another extension', 'Sec-WebSocket-Extensions: foo\r\n', {}, []],
    ['a malformed extension', 'Sec-WebSocket-Extensions: permessage-deflate;=\r\n', {}, []],
    ['an unknown parameter', 'Sec-WebSocket-Extensions: permessage-deflate; foo\r\n', {}, []],
  ] as const) {
    sameAsWs(name, async (scene) => {
      const { client } = await scene.openOnRaw({ ...options, protocols: subprotocols } as never, answer)
      await event(client, 'close')
    })
  }

  sameAsWs('no answer within handshakeTimeout', async (scene) => {
    const url = await answering(scene, () => {})
    const client = scene.log.watch('client', new scene.face(url, { handshakeTimeout: 100 }))
    await event(client, 'close')
  })
})

describe('redirects', () => {
  sameAsWs('are an error unless followRedirects', async (scene) => {
    const server = await http(scene)
    server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n'))
    const client = scene.log.watch('client', new scene.face(`ws://127.0.0.1:${portOf(server)}`))
    await event(client, 'close')
  })

  sameAsWs('are followed, with credentials for the same host only', async (scene) => {
    const { url, server: target } = await scene.serve()
    target.on('connection', (_, request) => scene.log.note('target', request.url, Object.keys(request.headers).sort()))
    const server = await http(scene)
    server.on('upgrade', (request, socket) => {
      scene.log.note('first', request.url, Object.keys(request.headers).sort(), request.headers.authorization)
      const location = request.url === '/1' ? '/2' : `${url}3`
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`)
    })
    const client = scene.log.watch(
      'client',
      new scene.face(`ws://u%3Aser:pass@127.0.0.1:${portOf(server)}/1`, {
        followRedirects: true,
        headers: { Cookie: 'a=b', 'X-Kept': 'yes' },
        perMessageDeflate: false,
      }),
    )
    client.removeAllListeners('redirect')
    await event(client, 'open')
    scene.log.note('client', client.url)
  })

  sameAsWs('to the same host keep the first credentials, whatever the next URL names', async (scene) => {
    for (const first of ['a:b@', '']) {
      const server = await http(scene)
      server.on('upgrade', (request, socket) => {
        scene.log.note('server', request.url, request.headers.authorization)
        const next = { '/1': 'c:d@', '/2': 'e:f@', '/3': '' }[request.url as string]
        const location = `ws://${next}127.0.0.1:${portOf(server)}/${Number(request.url?.slice(1)) + 1}`
        socket.end(
          next === undefined ? 'HTTP/1.1 404 Not Found\r\n\r\n' : `HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`,
        )
      })
      const client = new scene.face(`ws://${first}127.0.0.1:${portOf(server)}/1`, { followRedirects: true })
      client.on('error', () => {})
      await event(client, 'close')
      scene.log.note('client', client.url)
    }
  })

  sameAsWs('without end are an error, and so is one to nowhere', async (scene) => {
    for (const location of ['/again', 'http://', 'ftp://a/']) {
      const server = await http(scene)
      server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`))
      const client = scene.log.watch(
        'client',
        new scene.face(`ws://127.0.0.1:${portOf(server)}`, { followRedirects: true, maxRedirects: 1 }),
      )
      await event(client, 'close')
    }
  })
})

describe('tools that replace functions of Node', () => {
  sameAsWs('see the requests and sockets of clients, and the server that is made', async (scene) => {
    const replace = (owner: object, called: string, name: string): void => {
      const functions = owner as Record<string, (...parameters: unknown[]) => unknown>
      const original = functions[name] as (...parameters: unknown[]) => unknown
      scene.after(() => {
        functions[name] = original
      })
      functions[name] = (...parameters) => {
        scene.log.note('called', called)
        return original.apply(owner, parameters)
      }
    }
    replace(nodeHttp, 'http.createServer', 'createServer')
    replace(nodeHttp, 'http.request', 'request')
    replace(nodeHttps, 'https.request', 'request')
    replace(nodeNet, 'net.connect', 'connect')
    replace(nodeTls, 'tls.connect', 'connect')
    const { url } = await scene.serve()
    await event(new scene.face(url), 'open')
    const secure = new scene.face(url.replace('ws:', 'wss:'))
    secure.on('error', () => {})
    await event(secure, 'close')
  })
})

describe('the request', () => {
  sameAsWs('has the headers that options give it, in the values that servers see', async (scene) => {
    const { url, server } = await scene.serve()
    server.on('connection', (_, { headers, url: target, method, httpVersion }) => {
      const { 'sec-websocket-key': _key, ...rest } = headers
      scene.log.note('server', method, target, httpVersion, rest)
    })
    for (const options of [
      {},
      { headers: { 'X-A': 'b', Host: 'other' }, origin: 'https://a.example', perMessageDeflate: false },
      {
        auth: 'user:pass',
        perMessageDeflate: { threshold: 5, clientMaxWindowBits: 10, serverNoContextTakeover: true },
      },
    ] as never[]) {
      const client = new scene.face(`${url}a%20b?c=d`, ['x', 'y'], options)
      await event(client, 'open')
      client.terminate()
    }
  })

  sameAsWs('goes through createConnection, agent and finishRequest', async (scene) => {
    const { url } = await scene.serve()
    const { connect } = await import('node:net')
    const { Agent } = await import('node:http')
    for (const options of [
      {
        createConnection: ({ port, host }: { port: number; host: string }) => {
          scene.log.note('create', host)
          return connect({ port: Number(port), host })
        },
      },
      { agent: new Agent() },
      {
        finishRequest: (request: { setHeader(name: string, value: string): void; end(): void }, socket: unknown) => {
          request.setHeader('x', 'y')
          scene.log.note('finish', socket)
          request.end()
        },
      },
    ]) {
      const client = scene.log.watch('client', new scene.face(url, options as never))
      await event(client, 'open')
      client.terminate()
      await event(client, 'close')
    }
  })

  sameAsWs('goes to a unix socket', async (scene) => {
    const path = join(tmpdir(), `wigwag-ws-${process.pid}-${scene.isOurs}.sock`)
    const server = createServer()
    scene.after(() => server.close())
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const sockets = new scene.face.WebSocketServer({ server, path: '/a' })
    sockets.on('connection', (socket, { url, headers }) => socket.send(`${url} ${headers.host}`))
    const client = scene.log.watch('client', new scene.face(`ws+unix:${path}:/a?b`))
    await event(client, 'message')
    scene.log.note('client', client.url.replace(path, 'PATH'))
    client.terminate()
    await event(client, 'close')
    const nowhere = scene.log.watch('nowhere', new scene.face(`ws+unix:${path}.none`))
    nowhere.removeAllListeners('error')
    nowhere.on('error', (error) => scene.log.note('nowhere', (error as NodeJS.ErrnoException).code))
    await event(nowhere, 'close')
  })
})
