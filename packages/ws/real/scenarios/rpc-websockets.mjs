import { once } from 'node:events'
import { Client, Server } from 'rpc-websockets'

export const packages = ['rpc-websockets']

/** JSON-RPC with its own server and client: calls, notifications, events, namespaces, logins, a server that goes and comes back. */
export async function play(check) {
  let server = await serve(0)
  const { port } = server.wss.address()
  const client = new Client(`ws://127.0.0.1:${port}`, { reconnect: true, reconnect_interval: 30, max_reconnects: 50 })
  await event(client, 'open')
  check('a call', await client.call('sum', [5, 3]), 8)
  check(
    'named parameters',
    await client.call('echo', { text: 'é – 漢 🙂', large: 'x'.repeat(100_000) }).then(({ text }) => text),
  )
  check('many calls at once', await Promise.all(Array.from({ length: 200 }, (_, i) => client.call('sum', [i, 1]))))
  for (const method of ['fails', 'missing', 'secret']) {
    check(`the error of ${method}`, await client.call(method).catch(({ code, message, data }) => [code, message, data]))
  }
  check('too late', await client.call('never', [], 50).catch(({ message }) => message))
  check('a wrong login', await client.login({ password: 'wrong' }).catch(({ message }) => message))
  check('a login', await client.login({ password: 'right' }), true)
  check('behind the login', await client.call('secret'), 'told')
  check('methods', (await client.listMethods()).sort())
  const noted = event(server, 'noted')
  await client.notify('note', { a: 1 })
  check('a notification', await noted)
  check('subscribed', await client.subscribe('update'))
  const updated = event(client, 'update')
  server.emit('update', { temperature: 20 }, [1, 2])
  check('an event', await updated)
  check('unsubscribed', await client.unsubscribe('update'))
  check('clients', server.of('/').clients().clients?.length ?? server.wss.clients.size)

  const closed = event(client, 'close')
  const going = server.close()
  for (const socket of server.wss.clients) socket.close(1012)
  await going
  check('the server goes', (await closed).map(String))
  const back = event(client, 'open')
  server = await serve(port)
  await back
  check('it comes back', await client.call('sum', [1, 1]), 2)
  client.setAutoReconnect(false)
  const gone = event(client, 'close')
  const left = event(server, 'disconnection')
  client.close(4001, 'enough')
  check('closed', [(await gone).map(String), (await left).length])
  await server.close()

  const lost = new Client(`ws://127.0.0.1:${port}`, { reconnect: false })
  const [error] = await event(lost, 'error')
  check('nobody there', [error.type ?? error.constructor.name, error.message])
}

async function serve(port) {
  const server = new Server({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  server.setAuth(({ password }) => password === 'right')
  server.register('sum', ([a, b]) => a + b)
  server.register('echo', (value) => value)
  server.register('never', () => new Promise(() => {}))
  server.register('note', (value) => server.listeners('noted').length > 0 && server.emit('noted', value))
  server.register('fails', () => {
    throw new Error('the method failed')
  })
  server.register('secret', () => 'told').protected()
  server.event('update')
  return server
}

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, (...told) => resolve(told)))
