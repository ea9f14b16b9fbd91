import { once } from 'node:events'
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { startRedis as serve } from '../harness/redis.mjs'

export const packages = ['socket.io', 'socket.io-adapter', 'engine.io', 'engine.io-client']
export const programs = ['redis-server']
export { serve }

/** Two servers that share their rooms by way of Redis. */
export async function play(check, { port }) {
  for (const perMessageDeflate of [false, { threshold: 0 }]) {
    const note = (name, ...seen) => check(`${perMessageDeflate ? 'compressed: ' : ''}${name}`, ...seen)
    await conversation(note, port, perMessageDeflate)
  }
}

async function conversation(check, port, perMessageDeflate) {
  // Both plays share the Redis.
  const key = `play-${process.pid}-${perMessageDeflate !== false}`
  const [one, other] = [await serveOn(port, key, perMessageDeflate), await serveOn(port, key, perMessageDeflate)]
  // Each is known to the other when both have heard the same question.
  while ((await one.server.of('/').adapter.serverCount()) < 2) await new Promise(setImmediate)
  const options = { transports: ['websocket'], forceNew: true, reconnection: false, perMessageDeflate }
  const clients = [one, one, other, other].map(({ url }) => io(url, options))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  check('extensions', clients[0].io.engine.transport.ws.extensions)

  const heard = (name, of = clients) => Promise.all(of.map((client) => once(client, name)))
  for (const [what, data] of [
    ['text', 'hello'],
    ['long text', 'é – 漢 🙂 '.repeat(10_000)],
    ['bytes', { bytes: Buffer.alloc(100_000, 7) }],
  ]) {
    const all = heard('news')
    one.server.emit('news', data)
    check(
      `${what} from one server to the clients of both`,
      (await all).map(([got]) => got.length ?? got.bytes.equals(data.bytes)),
      Array(4).fill(data.length ?? true),
    )
  }
  await one.server.in([clients[0].id, clients[2].id]).socketsJoin('room')
  // Behind the join, on the same way to the other server.
  while ((await one.server.in('room').fetchSockets()).length < 2) await new Promise(setImmediate)
  const outside = []
  for (const client of clients) client.on('in the room', () => outside.push(client))
  const inRoom = heard('in the room', [clients[0], clients[2]])
  other.server.to('room').emit('in the room', 1)
  await inRoom
  const numbers = clients.map(() => [])
  const counted = clients.map(
    (client, n) => new Promise((resolve) => client.on('n', (i) => numbers[n].push(i) === 300 && resolve())),
  )
  for (let i = 0; i < 300; i++) one.server.emit('n', i)
  await Promise.all(counted)
  check('nobody outside of the room', outside.length, 2)
  check(
    'in order, at both',
    numbers.every((one) => one.every((number, i) => number === i)),
    true,
  )
  for (const client of clients) client.on('question', (answer) => answer('answer'))
  check('acknowledgements of all', await one.server.timeout(20_000).emitWithAck('question'), Array(4).fill('answer'))
  other.server.on('server side', (text, answer) => answer(text))
  check('from server to server', await one.server.serverSideEmitWithAck('server side', 'psst'), ['psst'])
  const gone = Promise.all(clients.map((client) => once(client, 'disconnect')))
  one.server.disconnectSockets(true)
  check(
    'disconnected by the one',
    (await gone).map(([reason]) => reason),
    Array(4).fill('io server disconnect'),
  )
  await Promise.all([one, other].map(({ close }) => close()))
}

async function serveOn(port, key, perMessageDeflate) {
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const publisher = new Redis(port, '127.0.0.1')
  const subscriber = publisher.duplicate()
  const adapter = createAdapter(publisher, subscriber, { key, requestsTimeout: 20_000 })
  const server = new Server(http, { adapter, perMessageDeflate })
  const close = async () => {
    await server.close()
    await Promise.all([publisher.quit(), subscriber.quit()])
  }
  return { server, url: `http://127.0.0.1:${http.address().port}`, close }
}
