import { once } from 'node:events'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { makeHandler } from 'graphql-ws/use/@fastify/websocket'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocket, WebSocketServer } from 'ws'

export const packages = ['graphql-ws', '@fastify/websocket']

const schema = buildSchema(`
  type Query { hello(name: String): String }
  type Subscription { count(to: Int!): Int }
`)
const roots = {
  query: { hello: ({ name }) => `hello ${name}` },
  subscription: {
    async *count({ to }) {
      for (let n = 1; n <= to; n++) yield { count: n }
    },
  },
}

/** Queries, subscriptions and what ends them, with the server's two doors that use `ws`, and its client on `ws`. */
export async function play(check) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql', perMessageDeflate: true })
  await once(server, 'listening')
  const told = []
  const using = useServer(
    {
      schema,
      roots,
      onConnect: ({ connectionParams }) => connectionParams?.token !== 'wrong',
      onDisconnect: (_context, code, reason) => told.push([code, reason]),
    },
    server,
  )
  const url = `ws://127.0.0.1:${server.address().port}/graphql`
  await conversation((what, ...values) => check(`ws: ${what}`, ...values), url)

  await keepalive(check)
  for (const [what, subprotocol, message] of [
    ['another subprotocol', 'graphql-ws', undefined],
    ['no subprotocol', undefined, undefined],
    ['nonsense', 'graphql-transport-ws', 'nonsense'],
    ['not acknowledged', 'graphql-transport-ws', '{"type":"subscribe","id":"1","payload":{"query":"{hello}"}}'],
  ]) {
    const socket = new WebSocket(url, subprotocol)
    socket.on('error', (error) => check(`${what}: error`, error))
    socket.on('open', () => message !== undefined && socket.send(message))
    check(what, await closeOf(socket))
  }
  const open = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false, onNonLazyError() {} })
  await new Promise((resolve) => open.on('connected', resolve))
  const gone = new Promise((resolve) => open.on('closed', ({ code, reason }) => resolve([code, reason])))
  await using.dispose()
  check('disposed of', await gone, [1001, 'Going away'])
  check('what the server was told', told.map(String).sort())

  const fastify = Fastify()
  await fastify.register(fastifyWebsocket)
  fastify.get('/graphql', { websocket: true }, makeHandler({ schema, roots }))
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  await conversation(
    (what, ...values) => check(`fastify: ${what}`, ...values),
    `ws://127.0.0.1:${fastify.server.address().port}/graphql`,
    false,
  )
  await fastify.close()
}

/** The server pings, and drops who does not answer. */
async function keepalive(check) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const using = useServer({ schema, roots, connectionInitWaitTimeout: 60_000 }, server, 1_000)
  const url = `ws://127.0.0.1:${server.address().port}`
  const answering = new WebSocket(url, 'graphql-transport-ws')
  const mute = new WebSocket(url, 'graphql-transport-ws', { autoPong: false })
  await once(answering, 'ping')
  check('who does not answer is dropped', (await closeOf(mute))[0], 1006)
  check('who answers is not', answering.readyState, WebSocket.OPEN)
  const closed = closeOf(answering)
  await using.dispose()
  check('closed', await closed)
}

async function conversation(check, url, judges = true) {
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 0 })
  const opened = new Promise((resolve) => client.on('opened', resolve))
  const ended = new Promise((resolve) => client.on('closed', resolve))
  check('query', await collect(client, { query: '{ hello(name: "ada") }' }), [{ data: { hello: 'hello ada' } }])
  check('socket', [(await opened).protocol, (await opened).extensions])
  check('closed when nothing is left', await ended.then(({ code, reason, wasClean }) => [code, reason, wasClean]))
  const counted = await collect(client, { query: 'subscription { count(to: 200) }' })
  check(
    'subscription',
    counted.map(({ data }) => data.count),
    Array.from({ length: 200 }, (_, n) => n + 1),
  )
  const several = await Promise.all(
    [1, 2, 3].map((to) => collect(client, { query: `subscription { count(to: ${to}) }` })),
  )
  check(
    'several at once',
    several.map(({ length }) => length),
    [1, 2, 3],
  )
  const errors = await collect(client, { query: '{ nothing }' }).catch((thrown) => thrown)
  check('an error', errors[0].message)
  await client.dispose()
  if (!judges) return
  const wrong = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: { token: 'wrong' } })
  const refused = await collect(wrong, { query: '{ hello }' }).catch(({ code, reason }) => [code, reason])
  check('forbidden', refused, [4403, 'Forbidden'])
  const again = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 1, retryWait: async () => {} })
  let connections = 0
  again.on('opened', (socket) => {
    if (connections++ === 0) socket.terminate()
  })
  check('tries again', (await collect(again, { query: '{ hello(name: "bob") }' })).length, 1)
  check('connections', connections, 2)
  await again.dispose()
}

function collect(client, operation) {
  const results = []
  return new Promise((resolve, reject) => {
    client.subscribe(operation, {
      next: (result) => results.push(result),
      error: reject,
      complete: () => resolve(results),
    })
  })
}

const closeOf = (socket) =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])))
