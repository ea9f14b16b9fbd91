import { once } from 'node:events'
import { serve } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import { Hono } from 'hono'
import WebSocket from 'ws'

export const packages = ['@hono/node-ws']

/** `upgradeWebSocket` with its four events, beside ordinary routes. */
export async function play(check) {
  const app = new Hono()
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({ app })
  app.get('/', (context) => context.text('page'))
  app.get('/refused', (context) => context.text('no', 403))
  app.get(
    '/echo/:name',
    upgradeWebSocket((context) => ({
      onOpen(event, socket) {
        check('open', [event.type, socket.readyState, socket.protocol, context.req.param('name')])
        socket.send('welcome')
      },
      onMessage({ data }, socket) {
        check('message', [typeof data, data instanceof ArrayBuffer])
        if (data === 'close') socket.close(4000, 'as you like')
        else if (data === 'many') for (let n = 0; n < 100; n++) socket.send(`${n}`, { compress: false })
        else socket.send(data)
      },
      onClose({ code, reason, wasClean }) {
        check('close', [code, reason, wasClean])
      },
    })),
  )
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  injectWebSocket(server)
  const url = `ws://127.0.0.1:${server.address().port}`

  const client = new WebSocket(`${url}/echo/ada`, ['chat', 'other'])
  // Sent before the handler has been told of it.
  client.on('open', () => client.send('early'))
  const heard = []
  client.on('message', (data, isBinary) => heard.push(isBinary ? data : String(data)))
  const until = async (count) => {
    while (heard.length < count) await once(client, 'message')
  }
  await until(2)
  check('welcomed, and what was sent early is answered', heard, ['welcome', 'early'])
  check('subprotocol', client.protocol, 'chat')
  client.send(Buffer.from([1, 2, 3]))
  client.send('ü'.repeat(10_000))
  await until(4)
  check('bytes', heard[2], Buffer.from([1, 2, 3]))
  check('long text', heard[3].length, 10_000)
  client.send('many')
  await until(104)
  check(
    'many',
    heard.slice(4),
    Array.from({ length: 100 }, (_, n) => String(n)),
  )
  check('clients', wss.clients.size, 1)
  const closed = closeOf(client)
  client.send('close')
  check('closed by the server', await closed, [4000, 'as you like'])

  for (const path of ['/refused', '/nowhere']) {
    const refused = new WebSocket(url + path)
    refused.on('error', (error) => check(`${path}: error`, error))
    check(`${path}: closed`, await closeOf(refused))
  }
  check('page', await (await fetch(url.replace('ws', 'http'))).text(), 'page')
  const lost = new WebSocket(`${url}/echo/bob`)
  await once(lost, 'message')
  lost.terminate()
  await closeOf(lost)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  while (wss.clients.size > 0) await new Promise(setImmediate)
}

const closeOf = (socket) =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])))
