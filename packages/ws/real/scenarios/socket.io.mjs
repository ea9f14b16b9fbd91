import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'

export const packages = ['socket.io', 'socket.io-adapter', 'engine.io', 'engine.io-client']

const LONG = 'long text, long text. '.repeat(500)

/** Both transports and the upgrade between them, compressed and not, with everything that its guide sends. */
export async function play(check) {
  for (const perMessageDeflate of [false, { threshold: 256 }]) {
    for (const transports of [['polling', 'websocket'], ['websocket'], ['polling']]) {
      const name = `${transports.join('+')}${perMessageDeflate ? ', compressed' : ''}`
      await conversation((what, ...values) => check(`${name}: ${what}`, ...values), { perMessageDeflate, transports })
    }
  }
  await recovery(check)
  await refusals(check)
}

async function conversation(check, { perMessageDeflate, transports }) {
  const { server, url } = await serve({ perMessageDeflate })
  server.use((socket, next) => next(socket.handshake.auth.token === 'good' ? undefined : new Error('go away')))
  server.on('connection', (socket) => {
    socket.join('everybody')
    socket.on('echo', (...data) => {
      const acknowledge = data.pop()
      acknowledge(...data)
    })
    socket.on('to others', (text) => socket.broadcast.emit('from another', text))
    socket.on('volatile', async () => {
      // It is dropped where nothing can be written at the moment: between two polls, say.
      while (!socket.conn.transport.writable) await new Promise(setImmediate)
      socket.volatile.compress(false).emit('maybe', 'volatile')
    })
    socket.on('leave', () => socket.disconnect(true))
    socket.on('disconnect', (reason) => check('the server sees it end', reason))
  })
  const options = { transports, forceNew: true, reconnection: false, auth: { token: 'good' }, perMessageDeflate }
  const clients = Array.from({ length: 3 }, () => io(url, options))
  await Promise.all(clients.map(connected))
  const [first, second] = clients
  const conns = [...server.sockets.sockets.values()].map(({ conn }) => conn)
  // Each end finishes in its own time.
  const engines = [...clients.map((client) => client.io.engine), ...conns]
  if (transports.length > 1) await Promise.all(engines.map(upgraded))
  check('transport', first.io.engine.transport.name, transports.at(-1))
  const [peer] = await server.fetchSockets()
  check('address', server.sockets.sockets.get(peer.id).handshake.address, '127.0.0.1')
  check('transport at the server', server.sockets.sockets.get(peer.id).conn.transport.name, transports.at(-1))
  if (transports.at(-1) === 'websocket') {
    check('extensions', [first.io.engine.transport.ws.extensions, first.io.engine.transport.ws.protocol])
  }

  for (const [what, ...data] of [
    ['text', 'hello'],
    ['umlauts', 'äöü € 😀'],
    ['numbers and objects', 1, { a: [true, null], b: 'c' }],
    ['long text', LONG],
    ['bytes', Buffer.from([0, 1, 2, 255])],
    ['nested bytes', { name: 'x', parts: [Buffer.from('ab'), new Uint8Array([3, 4])] }],
    ['many bytes', Buffer.alloc(300_000, 7)],
  ]) {
    const echoed = await first.timeout(5_000).emitWithAck('echo', ...data)
    check(`echo of ${what}`, describe(echoed), describe(data[0]))
  }

  const sharedFrames = watchFrames(conns)
  for (const [what, data] of [
    ['text', 'to all'],
    ['long text', LONG],
    ['bytes', { at: 1, bytes: Buffer.from([9, 8, 7]) }],
    ['many bytes', Buffer.alloc(100_000, 3)],
  ]) {
    const heard = Promise.all(clients.map((client) => once(client, 'news')))
    server.emit('news', data)
    check(
      `broadcast of ${what}`,
      (await heard).map(([got]) => describe(got)),
      Array(3).fill(describe(data)),
    )
  }
  check('frames that the adapter encoded once', sharedFrames())
  const inRoom = Promise.all(clients.map((client) => once(client, 'room')))
  server.to('everybody').emit('room', 1)
  check('to a room', (await inRoom).flat(), [1, 1, 1])
  for (const client of clients) client.on('poll', (answer) => answer(client.id.length))
  check('broadcast with acknowledgements', await server.timeout(5_000).emitWithAck('poll'), [20, 20, 20])

  const order = []
  const allCame = new Promise((resolve) => second.on('ordered', (n) => order.push(n) === 200 && resolve()))
  for (let n = 0; n < 200; n++) {
    if (n % 2 === 0) server.emit('ordered', n)
    else server.sockets.sockets.get(second.id).emit('ordered', n)
  }
  await allCame
  check(
    'broadcasts and messages of its own keep their order',
    order,
    Array.from({ length: 200 }, (_, n) => n),
  )

  const fromAnother = once(second, 'from another')
  first.emit('to others', 'psst')
  check('from one to the others', await fromAnother, ['psst'])
  const maybe = once(first, 'maybe')
  first.emit('volatile')
  check('volatile', await maybe, ['volatile'])

  const refused = io(url, { ...options, auth: {} })
  check('refused by a middleware', (await once(refused, 'connect_error'))[0].message, 'go away')
  refused.disconnect()

  const left = once(first, 'disconnect')
  first.emit('leave')
  check('ended by the server', (await left)[0])
  const gone = once(server.sockets.sockets.get(second.id), 'disconnect')
  second.disconnect()
  check('ended by the client', await gone, ['client namespace disconnect', undefined])
  const lost = once(clients[2], 'disconnect')
  await server.close()
  check('ended with the server', (await lost)[0])
}

/** The connection is cut; the client comes back and is told what it missed. */
async function recovery(check) {
  const { server, url } = await serve({ connectionStateRecovery: {}, pingInterval: 200, pingTimeout: 60_000 })
  const client = io(url, { transports: ['websocket'], reconnectionDelay: 20, randomizationFactor: 0 })
  const heard = []
  client.on('news', (n) => heard.push(n))
  await connected(client)
  server.emit('news', 1)
  await once(client, 'news')
  await once(client.io.engine, 'heartbeat')
  check('pings of its own pass', true)
  const lost = once(client, 'disconnect')
  client.io.engine.close()
  const [reason] = await lost
  check('cut', reason)
  server.emit('news', 2)
  client.connect()
  await connected(client)
  check('recovered', client.recovered, true)
  while (heard.length < 2) await once(client, 'news')
  check('told what it missed', heard, [1, 2])
  const cut = once(client, 'disconnect')
  server.sockets.sockets.get(client.id).conn.transport.socket.terminate()
  check('terminated by the server', (await cut)[0], 'transport close')
  await connected(client)
  check('back again', client.connected, true)
  client.disconnect()
  await server.close()
}

/** What a server does not take. */
async function refusals(check) {
  const { server, url } = await serve({
    maxHttpBufferSize: 1_000,
    allowRequest: (request, decide) => decide(null, !request.url.includes('blocked')),
  })
  for (const transports of [['websocket'], ['polling']]) {
    const client = io(url, { transports, reconnection: false, forceNew: true })
    await connected(client)
    const ended = once(client, 'disconnect')
    client.emit('much', 'x'.repeat(2_000))
    check(`${transports}: more than is allowed`, (await ended)[0])
    const blocked = io(url, { transports, reconnection: false, forceNew: true, query: { blocked: 1 } })
    const [error] = await once(blocked, 'connect_error')
    check(`${transports}: not allowed`, [error.message, error.description?.message ?? error.description])
    const nowhere = io(`${url}/nowhere`, { transports, reconnection: false, forceNew: true })
    check(`${transports}: no such namespace`, (await once(nowhere, 'connect_error'))[0].message, 'Invalid namespace')
    nowhere.disconnect()
  }
  await server.close()
}

async function serve(options) {
  const http = createServer()
  const server = new Server(http, options)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { server, url: `http://127.0.0.1:${http.address().port}` }
}

/** How many sockets each frame went to that was encoded once for several. */
function watchFrames(conns) {
  const timesSent = new Map()
  for (const { transport } of conns) {
    const sender = transport.socket?._sender
    if (!sender) continue
    const { sendFrame } = sender
    sender.sendFrame = function (frame, ...parameters) {
      timesSent.set(frame, (timesSent.get(frame) ?? 0) + 1)
      return sendFrame.call(this, frame, ...parameters)
    }
  }
  return () => [...timesSent.values()].filter((times) => times > 1)
}

const connected = (client) => (client.connected ? undefined : once(client, 'connect'))
const upgraded = (engine) => (engine.transport.name === 'websocket' ? undefined : once(engine, 'upgrade'))

function describe(data) {
  if (Buffer.isBuffer(data) || data instanceof Uint8Array) return `${data.length} bytes ${data[0]} ${data.at(-1)}`
  if (typeof data === 'string' && data.length > 100) return `${data.length} characters`
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, describe(value)]))
}
