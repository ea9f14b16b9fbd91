import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import WebSocket, { WebSocketServer } from 'ws'

const rhea = createRequire(import.meta.url)('rhea')

// It is given its WebSocket.
export const packages = ['rhea']

/** AMQP 1.0 over WebSockets, both ends: `websocket_connect` with a client, `websocket_accept` with a server, as its examples do. */
export async function play(check) {
  const accepting = rhea.create_container({ id: 'accepting' })
  const server = createServer()
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'AMQPWSB10' })
  sockets.on('connection', (socket) =>
    accepting.websocket_accept(socket, { container_id: 'accepting', max_frame_size: 4096 }),
  )
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `ws://127.0.0.1:${server.address().port}`
  const replies = new Map()
  let accepted
  accepting.on('disconnected', () => {})
  accepting.on('connection_open', ({ connection }) => (accepted = connection))
  accepting.on('sender_open', ({ sender }) => {
    sender.set_source({ address: sender.source.dynamic ? 'reply' : sender.source.address })
    replies.set(sender.source.address, sender)
  })
  accepting.on('receiver_open', ({ receiver }) => receiver.set_target(receiver.target))
  accepting.on('message', ({ message, delivery }) => {
    if (message.subject === 'reject') delivery.reject({ condition: 'wigwag:no', description: 'not this one' })
    else if (message.subject === 'release') delivery.release()
    else {
      delivery.accept()
      replies.get(message.reply_to)?.send({ correlation_id: message.message_id, body: message.body })
    }
  })

  const container = rhea.create_container({ id: 'connecting' })
  const connectTo = container.websocket_connect(WebSocket)
  const seen = []
  for (const event of ['disconnected', 'connection_close', 'connection_error', 'protocol_error', 'error']) {
    container.on(event, ({ reconnecting }) => seen.push([event, reconnecting]))
  }
  const details = connectTo(url, ['AMQPWSB10'], { perMessageDeflate: false })
  const connection = container.connect({
    connection_details: details,
    max_frame_size: 4096,
    initial_reconnect_delay: 20,
  })
  await event(container, 'connection_open')
  check('open', [connection.remote.open.container_id, connection.is_open(), connection.socket.get_id_string()])

  const receiver = connection.open_receiver({ source: { address: 'reply', dynamic: true }, credit_window: 2_000 })
  await event(container, 'receiver_open')
  const sender = connection.open_sender('requests')
  await event(container, 'sendable')
  check('links', [receiver.source.address, sender.target.address, sender.sendable()])
  const bodies = [
    'text',
    '',
    'é – 漢 🙂',
    42,
    true,
    null,
    { map: { a: [1, 2, { b: 3 }] } },
    Buffer.from([0, 1, 2, 255]),
  ]
  for (const body of [...bodies, 'x'.repeat(3_000), 'y'.repeat(70_000), Buffer.alloc(1_000_000, 7)]) {
    const [heard, settled] = [event(container, 'message'), event(container, 'accepted')]
    sender.send({ message_id: 1, reply_to: 'reply', body })
    const { message } = await heard
    await settled
    check('a body comes back', show(message.body) === show(body), true)
  }
  for (const subject of ['reject', 'release']) {
    const told = event(container, subject === 'reject' ? 'rejected' : 'released')
    sender.send({ subject, body: 'x' })
    const { delivery } = await told
    check(subject, delivery.remote_state?.error?.description ?? 'no error')
  }
  const ids = []
  const all = new Promise((resolve) => {
    container.on('message', ({ message }) => {
      if (ids.push(message.correlation_id) === 500) resolve()
    })
  })
  for (let id = 0; id < 500; id++) sender.send({ message_id: id, reply_to: 'reply', body: 'burst' })
  await all
  check(
    'a burst in order',
    ids.every((id, i) => id === i),
    true,
  )

  for (const [name, lose] of [
    ['terminate', (one) => one.terminate()],
    ['close', (one) => one.close(1001, 'going')],
    ['_socket.destroy', (one) => one._socket.destroy()],
  ]) {
    const back = Promise.all(['disconnected', 'connection_open', 'sendable'].map((name) => event(container, name)))
    for (const one of sockets.clients) lose(one)
    await back
    const heard = event(container, 'message')
    sender.send({ message_id: name, reply_to: 'reply', body: `after ${name}` })
    check(`back after ${name}`, (await heard).message.body, `after ${name}`)
  }
  const closed = [event(container, 'connection_close'), event(accepting, 'connection_close')]
  const gone = Promise.all(
    [...sockets.clients].map((one) => new Promise((resolve) => one.on('close', (...how) => resolve(how.map(String))))),
  )
  connection.close()
  await Promise.all(closed)
  check('closed by both', await gone)
  check('what was told', seen)
  check('the other end', accepted.is_closed())

  const alone = rhea.create_container({ id: 'alone' })
  const failed = event(alone, 'disconnected')
  alone.on('connection_error', () => check('connection_error', true))
  const nowhere = alone.websocket_connect(WebSocket)('ws://127.0.0.1:1', ['AMQPWSB10'])
  alone.connect({ connection_details: nowhere, reconnect: false })
  const { error, reconnecting } = await failed
  check('nobody there', [error?.message ?? error?.error?.message ?? String(error), reconnecting])
  sockets.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve))

function show(body) {
  if (Buffer.isBuffer(body?.content ?? body)) return (body.content ?? body).toString('base64')
  return JSON.stringify(body)
}
