import { once } from 'node:events'
import IsomorphicWebSocket from 'isomorphic-ws'
import { WebSocket as IsowsWebSocket } from 'isows'
import Reconnecting from 'reconnecting-websocket'
import WebSocket, { WebSocketServer } from 'ws'

export const packages = ['isomorphic-ws', 'isows', 'reconnecting-websocket']

const ReconnectingWebSocket = Reconnecting.default ?? Reconnecting

/** The class that isomorphic programs find, and a socket that comes back by itself, on a server that closes in every way. */
export async function play(check) {
  check('isomorphic-ws and isows are ws', [
    IsomorphicWebSocket === WebSocket,
    IsowsWebSocket === (globalThis.WebSocket ?? WebSocket),
  ])
  check('what isomorphic-ws has', Object.keys(IsomorphicWebSocket).sort())
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const { port } = server.address()
  const ends = [
    (one) => one.close(4000, 'first'),
    (one) => one.terminate(),
    (one) => one._socket.end(),
    (one) => one.close(),
  ]
  let connections = 0
  server.on('connection', (one) => {
    const connection = connections++
    one.on('message', (data, isBinary) => {
      one.send(data, { binary: isBinary })
      const end = ends[connection]
      if (end !== undefined && `${data}` === 'go') end(one)
    })
  })
  const seen = []
  const socket = new ReconnectingWebSocket(() => `ws://127.0.0.1:${port}/`, ['a', 'b'], {
    WebSocket: IsomorphicWebSocket,
    minReconnectionDelay: 10,
    maxReconnectionDelay: 20,
    connectionTimeout: 5_000,
  })
  socket.addEventListener('error', ({ message }) => seen.push(['error', message]))
  socket.addEventListener('close', ({ code, reason, wasClean }) => seen.push(['close', code, `${reason}`, wasClean]))
  socket.addEventListener('message', ({ data, type }) => seen.push([type, data]))
  await new Promise((resolve) => {
    socket.addEventListener('open', () => {
      if (connections > ends.length) resolve()
      else socket.send('go')
    })
  })
  check('what happened', seen)
  check('counts', [
    socket.retryCount,
    socket.readyState,
    socket.protocol,
    socket.extensions,
    socket.bufferedAmount,
    connections,
  ])
  socket.binaryType = 'arraybuffer'
  const heard = new Promise((resolve) => (socket.onmessage = resolve))
  socket.send(Uint8Array.of(1, 2, 3))
  check('bytes', (await heard).data)
  const closed = new Promise((resolve) => (socket.onclose = resolve))
  socket.close(1000, 'done')
  const { code, reason, wasClean, target } = await closed
  check('closed', [code, reason, wasClean, typeof target, socket.readyState])
  await new Promise((resolve) => server.close(resolve))

  const lost = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, [], {
    WebSocket: IsomorphicWebSocket,
    maxRetries: 1,
    minReconnectionDelay: 5,
  })
  const errors = []
  await new Promise((resolve) => {
    lost.onerror = ({ type, message }) => errors.push([type, message]) === 2 && resolve()
  })
  check('nobody there', errors)
  lost.close()
}
