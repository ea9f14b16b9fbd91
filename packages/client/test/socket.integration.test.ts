import type { AddressInfo } from 'node:net'
import { Socket, type SocketOptions, type SocketState, type SocketWebSocket } from '@wigwag/client/socket'
import { ManualClock } from '@wigwag/client/testing'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from 'ws'

/** A server that has never heard of hubs, on the port of the one before if there is one. */
async function serve(port = 0): Promise<WebSocketServer> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  onTestFinished(() => stop(server))
  await new Promise((resolve) => server.once('listening', resolve))
  return server
}

async function stop(server: WebSocketServer): Promise<void> {
  for (const each of server.clients) each.terminate()
  await new Promise((resolve) => server.close(resolve))
}

const portOf = (server: WebSocketServer): number => (server.address() as AddressInfo).port
const accepted = (server: WebSocketServer): Promise<ServerSocket> =>
  new Promise((resolve) => server.once('connection', resolve))
const heard = (peer: ServerSocket): Promise<string> =>
  new Promise((resolve) => peer.once('message', (data) => resolve(String(data))))

function open(port: number, options: SocketOptions = {}): Socket {
  const socket = new Socket(`http://127.0.0.1:${port}/`, {
    WebSocket: WebSocket as never as SocketWebSocket,
    minDelayMs: 1,
    maxDelayMs: 20,
    ...options,
  })
  onTestFinished(() => socket.close())
  return socket
}

function until(socket: Socket, phase: SocketState['phase']): Promise<SocketState> {
  return new Promise((resolve) => {
    const off = socket.on('state', (state) => {
      if (state.phase !== phase) return
      off()
      resolve(state)
    })
  })
}

test('messages go to the handler of their type, and all to the event; texts and bytes come as they are', async () => {
  const server = await serve()
  const peer = accepted(server)
  const seen: unknown[] = []
  const socket = open(portOf(server), { typeField: 'event', on: { price: (message) => seen.push(['price', message]) } })
  const all = new Promise<void>((resolve) => {
    socket.on('message', (message) => {
      seen.push(message)
      if (message instanceof ArrayBuffer) resolve()
    })
  })
  const { send } = { send: (data: string | Uint8Array) => peer.then((each) => each.send(data)) }
  await send('{"event":"price","cents":3}')
  await send('{"event":"other"}')
  await send('no JSON')
  await send(new Uint8Array([1, 2]))
  await all
  const price = { event: 'price', cents: 3 }
  expect(seen.slice(0, 4)).toEqual([['price', price], price, { event: 'other' }, 'no JSON'])
  expect([...new Uint8Array(seen[4] as ArrayBuffer)]).toEqual([1, 2])
})

test('it comes back when the server does, and what was sent meanwhile arrives in order', async () => {
  const server = await serve()
  const port = portOf(server)
  const socket = open(port, { maxQueuedMessages: 2 })
  await socket.ready()
  const lost = until(socket, 'connecting')
  await stop(server)
  expect(await lost).toMatchObject({ reason: { name: 'lost', retryable: true } })
  const errors: unknown[] = []
  socket.on('error', ({ code }) => errors.push(code))
  expect([socket.send({ n: 1 }), socket.send('two'), socket.send('three')]).toEqual(['queued', 'queued', 'refused'])
  expect(errors).toEqual(['ERR_QUEUE_FULL'])
  const again = await serve(port)
  const peer = await accepted(again)
  const texts: string[] = []
  const both = new Promise<void>((resolve) => {
    peer.on('message', (data) => texts.push(String(data)) === 2 && resolve())
  })
  await both
  expect(texts).toEqual(['{"n":1}', 'two'])
  expect(socket.send('four')).toBe('sent')
})

test('a server that is asked and does not answer is left; one that answers is kept', async () => {
  const server = await serve()
  const clock = new ManualClock()
  const peer = accepted(server)
  const keepalive = { message: { type: 'ping' }, intervalMs: 1000, timeoutMs: 200 }
  const socket = open(portOf(server), { keepalive, environment: clock.environment() })
  await socket.ready()
  const first = await peer
  const asked = heard(first)
  await clock.advance(1000)
  expect(socket.state).toEqual({ phase: 'connected', isSuspect: true })
  expect(await asked).toBe('{"type":"ping"}')
  const answered = until(socket, 'connected')
  first.send('{"type":"pong"}')
  expect(await answered).toEqual({ phase: 'connected', isSuspect: false })
  await clock.advance(1200)
  expect(socket.state).toMatchObject({ phase: 'connecting', reason: { name: 'noPing' } })
  const second = accepted(server)
  await clock.advance(50)
  await second
})

test('a code that the application takes for the end is one, as are close and the signal; what waited is told', async () => {
  const server = await serve()
  const peer = accepted(server)
  const socket = open(portOf(server), { reconnectsAfter: (code) => code !== 4001 })
  await socket.ready()
  const over = until(socket, 'disconnected')
  ;(await peer).close(4001, 'banned')
  expect(await over).toMatchObject({ reason: { name: 'refused', code: 4001, text: 'banned' } })
  await expect(socket.ready()).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' })
  const refusals: unknown[] = []
  socket.on('error', ({ code }) => refusals.push(code))
  expect([socket.send('late'), refusals]).toEqual(['refused', ['ERR_DISCONNECTED']])
  socket.connect()
  await socket.ready()

  const ending = new AbortController()
  const errors: unknown[] = []
  const waiting = open(portOf(server), { signal: ending.signal })
  waiting.on('error', ({ message }) => errors.push(message))
  expect(waiting.send('never')).toBe('queued')
  ending.abort()
  expect(waiting.state).toMatchObject({ phase: 'disconnected', reason: { name: 'disconnectCalled' } })
  expect(errors).toEqual([expect.stringMatching(/^1 messages were not sent/)])
  waiting.connect()
  expect(waiting.state.phase).toBe('disconnected')
})

test('what reconnectsAfter throws is reported, and the socket comes back', async () => {
  const server = await serve()
  const clock = new ManualClock()
  const peer = accepted(server)
  const reconnectsAfter = (): never => {
    throw new Error('planned')
  }
  const socket = open(portOf(server), { reconnectsAfter, environment: clock.environment() })
  await socket.ready()
  const lost = until(socket, 'connecting')
  ;(await peer).close(4001, 'bye')
  expect(await lost).toMatchObject({ reason: { name: 'lost', code: 4001, text: 'bye' } })
  expect(clock.reports).toMatchObject([{ message: 'planned' }])
})

test('options that are none are refused', () => {
  expect(() => new Socket('ws://127.0.0.1:1/', { maxQueuedMessages: 0 })).toThrow('maxQueuedMessages')
  expect(() => new Socket('ws://127.0.0.1:1/', { keepalive: { message: '', intervalMs: 0 } })).toThrow(
    'keepalive.intervalMs',
  )
  expect(() => new Socket('::')).toThrow('no URL')
})
