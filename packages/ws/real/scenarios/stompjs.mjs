import { Client, ReconnectionTimeMode, Stomp } from '@stomp/stompjs'
import WebSocket from 'ws'
import { startRabbitmq as serve } from '../harness/rabbitmq.mjs'

// It finds its WebSocket where a browser has it; `ws` is put there, as its documentation says.
export const packages = ['@stomp/stompjs']
export const programs = ['rabbitmq-server']
export { serve }

/** STOMP on RabbitMQ: text, bytes, receipts, acknowledgements, transactions, signs of life, errors, a line that breaks. */
export async function play(check, { url }) {
  Object.assign(globalThis, { WebSocket })
  // Both plays share the broker.
  const queue = (name) => `/queue/play-${process.pid}-${name}`
  await exchange(check, url, queue)
  await acknowledges(check, url, queue)
  await keepsAlive(check, url)
  await losesTheLine(check, url, queue('lost'))
  await isRefused(check, url)
  await speaksAsBefore(check, url, queue('before'))
}

function open(brokerURL, settings = {}) {
  const client = new Client({
    brokerURL,
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    ...LOGIN,
    ...settings,
  })
  return new Promise((resolve) => {
    client.onConnect = (frame) => resolve({ client, frame })
    client.activate()
  })
}
const LOGIN = { connectHeaders: { login: 'guest', passcode: 'guest' } }

/** Subscribes; resolves with what gives the next message each time it is asked. */
function listen(client, destination, headers) {
  const messages = []
  const waiting = []
  const subscription = client.subscribe(
    destination,
    (message) => (waiting.length > 0 ? waiting.shift()(message) : messages.push(message)),
    headers,
  )
  const next = () => new Promise((resolve) => (messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve)))
  return { subscription, next }
}

const receipt = (client, id) => new Promise((resolve) => client.watchForReceipt(id, resolve))

async function exchange(check, url, queue) {
  const { client, frame } = await open(url)
  check('connected', [frame.command, frame.headers.version, frame.headers.server.split('/')[0], client.connected])
  check('subprotocol', [client.webSocket.protocol, client.webSocket.binaryType, client.webSocket.extensions])
  const { subscription, next } = listen(client, queue('plain'), { 'auto-delete': 'true' })
  const texts = ['hello', '', 'é – 漢 🙂', 'line\nline\r\n:\\c', 'x'.repeat(65_536), 'y'.repeat(1_000_000)]
  for (const body of texts) {
    client.publish({ destination: queue('plain'), body, headers: { greeting: 'a:b\nc' } })
    const message = await next()
    check('text', [message.body === body, message.headers.greeting, message.isBinaryBody])
  }
  for (const bytes of [1, 1_000, 100_000]) {
    const binaryBody = Uint8Array.from({ length: bytes }, (_, i) => i)
    client.publish({ destination: queue('plain'), binaryBody, headers: { 'content-type': 'application/octet-stream' } })
    check(`${bytes} bytes`, Buffer.from(binaryBody).equals(Buffer.from((await next()).binaryBody)), true)
  }
  for (let i = 0; i < 2_000; i++) client.publish({ destination: queue('plain'), body: String(i) })
  const numbers = []
  while (numbers.length < 2_000) numbers.push(Number((await next()).body))
  check(
    'a burst in order',
    numbers.every((number, i) => number === i),
    true,
  )
  const sent = receipt(client, 'sent')
  client.publish({ destination: queue('plain'), body: 'with a receipt', headers: { receipt: 'sent' } })
  check('a receipt', (await sent).headers['receipt-id'], 'sent')
  await next()
  const gone = receipt(client, 'gone')
  subscription.unsubscribe({ receipt: 'gone' })
  check('unsubscribed', (await gone).command)
  const closed = new Promise((resolve) => (client.onWebSocketClose = resolve))
  await client.deactivate()
  const { code, wasClean, reason } = await closed
  check('deactivated', [code, wasClean, reason, client.connected, client.active])
}

async function acknowledges(check, url, queue) {
  const { client } = await open(url, { splitLargeFrames: true, maxWebSocketChunkSize: 1_024 })
  const { next } = listen(client, queue('acks'), { ack: 'client-individual', 'auto-delete': 'false' })
  client.publish({ destination: queue('acks'), body: 'z'.repeat(20_000) })
  const first = await next()
  check('large frames split', first.body.length, 20_000)
  first.nack()
  const again = await next()
  check('again behind a nack', [again.body === first.body, again.headers.redelivered])
  again.ack()
  const left = client.begin()
  client.publish({ destination: queue('acks'), body: 'aborted', headers: { transaction: left.id } })
  left.abort()
  const kept = client.begin()
  client.publish({ destination: queue('acks'), body: 'committed', headers: { transaction: kept.id } })
  kept.commit()
  const committed = await next()
  check('a transaction', committed.body, 'committed')
  committed.ack()
  await client.deactivate()
}

async function keepsAlive(check, url) {
  const seen = new Set()
  let lines = 0
  const { client } = await open(url, {
    heartbeatIncoming: 1_000,
    heartbeatOutgoing: 1_000,
    debug(line) {
      if (/<<< PONG|>>> PING/.test(line)) seen.add(line)
      if (seen.size === 2) lines++
    },
  })
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      if (lines === 0) return
      clearInterval(timer)
      resolve()
    }, 50)
  })
  check('signs of life in both directions', [[...seen].sort(), client.connected], [['<<< PONG', '>>> PING'], true])
  await client.deactivate({ force: true })
  check('deactivated by force', [client.connected, client.active])
}

async function losesTheLine(check, url, destination) {
  const closes = []
  let connects = 0
  const client = new Client({
    brokerURL: url,
    ...LOGIN,
    reconnectDelay: 50,
    maxReconnectDelay: 200,
    reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
    discardWebsocketOnCommFailure: true,
    onWebSocketClose: ({ code, wasClean, type }) => closes.push([type, code, wasClean]),
  })
  const breaks = [
    () => client.webSocket.terminate(),
    () => client.webSocket.close(4000, 'enough'),
    () => client.forceDisconnect(),
    () => client.webSocket._socket.destroy(),
  ]
  await new Promise((resolve) => {
    client.onConnect = () => {
      client.subscribe(destination, ({ body }) => {
        check('a message on each line', body)
        const lose = breaks[connects++]
        if (lose === undefined) resolve()
        else lose()
      })
      client.publish({ destination, body: `line ${connects}` })
    }
    client.activate()
  })
  await client.deactivate()
  check('how each ended', closes)
}

async function isRefused(check, url) {
  const failed = await new Promise((resolve) => {
    const client = new Client({
      brokerURL: url,
      connectHeaders: { login: 'guest', passcode: 'wrong' },
      reconnectDelay: 0,
    })
    const seen = []
    client.onStompError = ({ command, headers }) => {
      seen.push(command, headers.message)
      resolve(client.deactivate({ force: true }).then(() => seen))
    }
    client.activate()
  })
  check('a wrong password', failed)
  for (const [name, brokerURL] of [
    ['another path', url.replace(/\/ws$/, '/nowhere')],
    ['nobody there', 'ws://127.0.0.1:1/'],
  ]) {
    const seen = await new Promise((resolve) => {
      const events = []
      const client = new Client({ brokerURL, reconnectDelay: 0 })
      client.onWebSocketError = ({ type, message }) => events.push(type, message)
      client.onWebSocketClose = ({ type, code, wasClean }) => resolve([...events, type, code, wasClean])
      client.activate()
    })
    check(name, seen)
  }
}

/** The face of version 4, with a factory and binary frames. */
async function speaksAsBefore(check, url, destination) {
  const client = Stomp.over(() => new WebSocket(url, ['v12.stomp', 'v11.stomp'], { perMessageDeflate: false }))
  client.debug = () => {}
  client.reconnect_delay = 0
  client.forceBinaryWSFrames = true
  client.appendMissingNULLonIncoming = true
  await new Promise((resolve) => client.connect('guest', 'guest', resolve))
  const heard = new Promise((resolve) => client.subscribe(destination, resolve))
  client.send(destination, { priority: 9 }, 'as before')
  check('compatibility with version 4', [(await heard).body, client.ws.protocol])
  await client.deactivate()
}
