import { once } from 'node:events'
import { createServer } from 'node:http'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import WebSocket, { createWebSocketStream, WebSocketServer } from 'ws'
import { startMosquitto as serve } from '../harness/mosquitto.mjs'

export const packages = ['mqtt']
export const programs = ['mosquitto']
export { serve }

/** Mosquitto 2.0 reads 4 KiB of a WebSocket every 100 ms, and answers a Close frame in its own time. */
const SMALL = [0, 1, 125, 126, 4_000, 12_000]
const LARGE = [0, 65_535, 65_536, 300_000, 2_000_000]

/**
 * MQTT 3.1.1 and 5 over WebSockets, with Mosquitto and with a broker on a server of `ws`: every quality of service, wills,
 * bytes of all sizes, what happens when the line breaks.
 */
export async function play(check, { url }) {
  // Both plays share the broker.
  const own = `play-${process.pid}`
  for (const protocolVersion of [4, 5]) {
    await exchange(
      (name, ...seen) => check(`MQTT ${protocolVersion}: ${name}`, ...seen),
      url,
      `${own}/${protocolVersion}`,
      {
        protocolVersion,
        sizes: SMALL,
      },
    )
  }
  await compressed(check, url, `${own}/compressed`)
  await losesTheLine(check, url, `${own}/lost`, false)
  await leavesAWill(check, url, `${own}/will`, false)
  await staysAlive(check, url)
  await isRefused(check)
  await withBroker(async (broker) => {
    const note = (name, ...seen) => check(`aedes: ${name}`, ...seen)
    await exchange(note, broker, 'own', { protocolVersion: 4, sizes: LARGE })
    await compressed(note, broker, 'own/compressed')
    await losesTheLine(note, broker, 'own/lost', true)
    await leavesAWill(note, broker, 'own/will', true)
  })
}

/** The broker of the aedes README, which serves streams of WebSockets. */
async function withBroker(use) {
  const broker = await Aedes.createBroker()
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: true, handleProtocols: () => 'mqtt' })
  sockets.on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  await use(`ws://127.0.0.1:${server.address().port}/mqtt`)
  await new Promise((resolve) => broker.close(resolve))
  sockets.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** The next packet that is published under this name. */
function published(client, name) {
  return new Promise((resolve) => {
    client.on('message', function listen(at, _payload, packet) {
      if (at !== name) return
      client.off('message', listen)
      resolve(packet)
    })
  })
}

async function exchange(check, url, prefix, { protocolVersion, sizes }) {
  const client = await mqtt.connectAsync(url, { protocolVersion, reconnectPeriod: 0 })
  const granted = await client.subscribeAsync({ [`${prefix}/+`]: { qos: 2 }, [`${prefix}/deep/#`]: { qos: 1 } })
  check(
    'granted',
    granted.map(({ qos }) => qos),
    [2, 1],
  )
  for (const qos of [0, 1, 2]) {
    const heard = published(client, `${prefix}/qos`)
    await client.publishAsync(`${prefix}/qos`, `with ${qos}`, { qos })
    const { payload, ...packet } = await heard
    check(`qos ${qos}`, [`${payload}`, packet.qos, packet.retain, packet.dup], [`with ${qos}`, qos, false, false])
  }
  for (const bytes of sizes) {
    const sent = Buffer.alloc(bytes, 'wigwag')
    const heard = published(client, `${prefix}/deep/bytes`)
    client.publish(`${prefix}/deep/bytes`, sent, { qos: 1 })
    const { payload } = await heard
    check(`${bytes} bytes come back`, sent.equals(payload), true)
  }
  const numbers = []
  const all = new Promise((resolve) => {
    client.on('message', (name, payload) => {
      if (name === `${prefix}/burst` && numbers.push(Number(payload)) === 2_000) resolve()
    })
  })
  for (let i = 0; i < 2_000; i++) client.publish(`${prefix}/burst`, String(i), { qos: 1 })
  await all
  check(
    'a burst in order',
    numbers.every((number, i) => number === i),
    true,
  )

  await client.publishAsync(`${prefix}/kept`, 'retained', { retain: true, qos: 1 })
  const second = await mqtt.connectAsync(url, { protocolVersion, reconnectPeriod: 0 })
  const kept = published(second, `${prefix}/kept`)
  await second.subscribeAsync(`${prefix}/kept`)
  const { payload, retain } = await kept
  check('retained', [`${payload}`, retain], ['retained', true])
  await second.publishAsync(`${prefix}/kept`, '', { retain: true })
  await second.unsubscribeAsync(`${prefix}/kept`)
  if (protocolVersion === 5) {
    const heard = published(client, `${prefix}/properties`)
    const properties = { userProperties: { a: 'b' }, contentType: 'text/plain', correlationData: Buffer.from([1, 2]) }
    await second.publishAsync(`${prefix}/properties`, 'x', { properties })
    const packet = await heard
    check('properties', { ...packet.properties.userProperties, type: packet.properties.contentType })
  }
  for (const [name, one, force] of [
    ['end', client, false],
    ['forced end', second, true],
  ]) {
    const seen = []
    for (const event of ['disconnect', 'offline', 'close', 'end', 'error']) one.on(event, () => seen.push(event))
    one.stream.on('close', () => seen.push('stream closed'))
    await one.endAsync(force)
    if (!one.stream.closed) await once(one.stream, 'close')
    await new Promise(setImmediate)
    check(name, seen.sort())
  }
}

async function compressed(check, url, prefix) {
  const wsOptions = { perMessageDeflate: true, headers: { 'X-Wigwag': 'a' }, origin: 'http://localhost' }
  const created = []
  const client = await mqtt.connectAsync(url, {
    wsOptions,
    reconnectPeriod: 0,
    transformWsUrl: (address) => `${address}?token=1`,
    createWebsocket(address, protocols, options) {
      const socket = new WebSocket(address, protocols, options.wsOptions)
      created.push(socket)
      return socket
    },
  })
  const [socket] = created
  check('createWebsocket', [new URL(socket.url).search, socket.protocol, socket.extensions, socket.binaryType])
  await client.subscribeAsync(prefix)
  const text = 'the same words again and again; '.repeat(300)
  for (let i = 0; i < 3; i++) {
    const heard = once(client, 'message')
    client.publish(prefix, text)
    check('with an offer of permessage-deflate', `${(await heard)[1]}` === text, true)
  }
  await client.endAsync()
}

async function losesTheLine(check, url, prefix, answersClose) {
  const sockets = []
  const client = await mqtt.connectAsync(url, {
    clientId: prefix,
    clean: false,
    reconnectPeriod: 50,
    createWebsocket(address, protocols, options) {
      sockets.push(new WebSocket(address, protocols, options.wsOptions))
      return sockets.at(-1)
    },
  })
  await client.subscribeAsync(prefix, { qos: 1 })
  for (const lose of [
    (socket) => socket.terminate(),
    ...(answersClose ? [(socket) => socket.close()] : []),
    (socket) => socket._socket.destroy(),
    () => client.stream.destroy(),
  ]) {
    // One round trip: nothing is under way any more.
    await client.publishAsync(`${prefix}/unheard`, '', { qos: 1 })
    const seen = []
    const events = ['close', 'reconnect', 'offline', 'error'].map((event) => [event, () => seen.push(event)])
    for (const [event, listener] of events) client.on(event, listener)
    const back = once(client, 'connect')
    const closed = once(client, 'close')
    lose(sockets.at(-1))
    await closed
    // Queued until the line is back.
    const heard = once(client, 'message')
    client.publish(prefix, `after ${lose}`, { qos: 1 })
    const [{ sessionPresent }] = await back
    check(`back after ${lose}`, [`${(await heard)[1]}` === `after ${lose}`, sessionPresent, seen])
    for (const [event, listener] of events) client.off(event, listener)
  }
  check('each time with a new socket', sockets.length)
  await client.endAsync()
  check(
    'all are closed',
    sockets.map((socket) => socket.readyState),
  )
}

async function leavesAWill(check, url, prefix, answersClose) {
  const witness = await mqtt.connectAsync(url)
  await witness.subscribeAsync(`${prefix}/#`)
  for (const [name, leave] of [
    ['terminate', (_client, socket) => socket.terminate()],
    ...(answersClose ? [['a closed socket', (_client, socket) => socket.close(1000)]] : []),
    ['a destroyed stream', (client) => client.stream.destroy()],
  ]) {
    let socket
    const client = await mqtt.connectAsync(url, {
      reconnectPeriod: 0,
      will: { topic: `${prefix}/gone`, payload: name, qos: 1 },
      createWebsocket(address, protocols, options) {
        socket = new WebSocket(address, protocols, options.wsOptions)
        return socket
      },
    })
    const will = once(witness, 'message')
    leave(client, socket)
    check(`the will behind ${name}`, `${(await will)[1]}`, name)
    client.end(true)
  }
  await witness.endAsync()
}

async function staysAlive(check, url) {
  const client = await mqtt.connectAsync(url, { keepalive: 3, reconnectPeriod: 0 })
  let answers = 0
  let closed = false
  client.on('close', () => (closed = true))
  await new Promise((resolve) => {
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp' && ++answers === 1) resolve()
    })
  })
  check('MQTT pings are answered', [answers, closed], [1, false])
  await client.endAsync()
}

async function isRefused(check) {
  const server = createServer((_request, response) => response.writeHead(404).end())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  const attempt = async (name) => {
    const client = mqtt.connect(`ws://127.0.0.1:${port}`, { reconnectPeriod: 0, connectTimeout: 30_000 })
    const seen = []
    client.on('error', (error) => seen.push(`${error.message} ${error.code ?? ''}`.replace(/\d{4,}/, 'PORT')))
    client.on('offline', () => seen.push('offline'))
    await new Promise((resolve) => client.once('close', resolve))
    check(name, seen)
    client.end(true)
  }
  await attempt('no WebSocket there')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await attempt('nobody there')
}
