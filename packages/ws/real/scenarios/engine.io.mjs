import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'engine.io'
import { Socket } from 'engine.io-client'
import { WebSocket } from 'ws'

export const packages = ['engine.io', 'engine.io-client']

/** The layer below socket.io: transports, upgrades, heartbeats, limits, and a client that speaks the protocol by hand. */
export async function play(check) {
  for (const perMessageDeflate of [false, true, { threshold: 10, serverNoContextTakeover: true }]) {
    const name = `deflate ${JSON.stringify(perMessageDeflate)}`
    const { engine, url, close } = await serve({ perMessageDeflate, httpCompression: false, initialPacket: 'welcome' })
    const accepted = once(engine, 'connection')
    const client = new Socket(url, { transports: ['polling', 'websocket'], perMessageDeflate })
    const greeting = once(client, 'message')
    const [socket] = await accepted
    check(`${name}: initial packet`, await greeting, ['welcome'])
    if (client.transport.name !== 'websocket') await once(client, 'upgrade')
    check(`${name}: upgraded`, [client.transport.name, client.transport.ws.extensions])
    check(`${name}: request`, [socket.remoteAddress, socket.request.headers.upgrade, socket.protocol])
    socket.on('message', (data) => socket.send(data, { compress: true }))
    for (const data of ['text', 'x'.repeat(100_000), Buffer.from([1, 2, 3]), Buffer.alloc(200_000, 5)]) {
      const echoed = once(client, 'message')
      client.send(data)
      const [got] = await echoed
      check(`${name}: echo of ${typeof data} ${data.length}`, [typeof got, got.length], [typeof data, data.length])
    }
    const sent = new Promise((resolve) => socket.send('with a callback', {}, (transport) => resolve(transport.name)))
    check(`${name}: callback of send`, await sent, 'websocket')
    const ends = Promise.all([once(client, 'close'), once(socket, 'close')])
    socket.close()
    const [[clientReason], [socketReason]] = await ends
    check(`${name}: closed by the server`, [clientReason, socketReason])
    await close()
  }
  await heartbeats(check)
  await byHand(check)
  await limits(check)
}

async function heartbeats(check) {
  const { engine, url, close } = await serve({ pingInterval: 100, pingTimeout: 60_000 })
  const accepted = once(engine, 'connection')
  const client = new Socket(url, { transports: ['websocket'] })
  const [socket] = await accepted
  await once(socket, 'heartbeat')
  check('answered', client.readyState, 'open')
  // The client stops answering. A short time-out before that would be met by a busy machine.
  engine.opts.pingTimeout = 200
  client.transport.send = () => {}
  check('no answer', (await once(socket, 'close'))[0], 'ping timeout')
  client.close()
  await close()
}

async function byHand(check) {
  const { engine, url, close } = await serve({})
  const socket = new WebSocket(`${url.replace('http', 'ws')}/engine.io/?EIO=4&transport=websocket`)
  const accepted = once(engine, 'connection')
  const [opening] = await once(socket, 'message')
  check('handshake', Object.keys(JSON.parse(String(opening).slice(1))))
  const [server] = await accepted
  const message = once(server, 'message')
  socket.send(Buffer.from('4text in a binary message'), { binary: false })
  check('message', await message, ['text in a binary message'])
  const bytes = once(server, 'message')
  socket.send(Buffer.from([1, 2]))
  check('bytes', await bytes, [Buffer.from([1, 2])])
  const ended = once(server, 'close')
  const closed = closeOf(socket)
  socket.send('nonsense')
  check('a packet that is none', (await ended)[0])
  check('closed', await closed)
  for (const query of [
    'EIO=4&transport=carrier-pigeon',
    'EIO=4&transport=websocket&sid=unknown',
    'EIO=3&transport=websocket',
  ]) {
    const refused = new WebSocket(`${url.replace('http', 'ws')}/engine.io/?${query}`)
    refused.on('error', (error) => check(`${query}: error`, error))
    check(`${query}: close`, await closeOf(refused))
  }
  const lost = new WebSocket(`${url.replace('http', 'ws')}/engine.io/?EIO=4&transport=websocket`)
  const [abandoned] = await once(engine, 'connection')
  await once(lost, 'message')
  const noticed = once(abandoned, 'close')
  lost.terminate()
  check('a client that vanishes', (await noticed)[0], 'transport close')
  await close()
}

async function limits(check) {
  const { engine, url, close } = await serve({ maxHttpBufferSize: 100 })
  const accepted = once(engine, 'connection')
  const client = new Socket(url, { transports: ['websocket'] })
  const [socket] = await accepted
  const ended = once(socket, 'close')
  client.send('x'.repeat(1_000))
  const [reason, error] = await ended
  check('more than is allowed', [reason, error?.message])
  await close()
}

async function serve(options) {
  const http = createServer()
  const engine = new Server(options)
  engine.attach(http)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const close = async () => {
    engine.close()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  return { engine, url: `http://127.0.0.1:${http.address().port}`, close }
}

const closeOf = (socket) =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])))
