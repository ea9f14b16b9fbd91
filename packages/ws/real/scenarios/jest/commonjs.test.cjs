const { EventEmitter, once } = require('node:events')
const { createServer } = require('node:http')
const { Server } = require('socket.io')
const { io } = require('socket.io-client')
const WebSocket = require('ws')
const { WebSocketServer } = require('ws')

// Jest has a `require` of its own, modules that are loaded anew for each file, and objects of another realm.
test.each([false, true])('messages both ways, compressed: %s', async (perMessageDeflate) => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: perMessageDeflate && { threshold: 0 },
  })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  expect(client).toBeInstanceOf(EventEmitter)
  await once(client, 'open')
  for (const data of [
    'text',
    'ü'.repeat(100_000),
    Buffer.from([1, 2, 3]),
    Uint8Array.of(4),
    new ArrayBuffer(300_000),
  ]) {
    const answer = once(client, 'message')
    client.send(data)
    const [got, isBinary] = await answer
    expect(Buffer.isBuffer(got)).toBe(true)
    expect(isBinary).toBe(typeof data !== 'string')
    expect(got.equals(typeof data === 'string' ? Buffer.from(data) : Buffer.from(data))).toBe(true)
  }
  client.binaryType = 'arraybuffer'
  const bytes = once(client, 'message')
  client.send(new Float64Array([1.5]))
  expect(new Float64Array((await bytes)[0])).toEqual(new Float64Array([1.5]))
  const closed = once(client, 'close')
  client.close(4000, 'bye')
  expect((await closed).map(String)).toEqual(['4000', 'bye'])
  await new Promise((resolve) => server.close(resolve))
})

test('a stream', async () => {
  const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    const stream = WebSocket.createWebSocketStream(socket)
    stream.pipe(stream)
  })
  const stream = WebSocket.createWebSocketStream(new WebSocket(`ws://127.0.0.1:${server.address().port}`))
  stream.end('piped')
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(String(Buffer.concat(chunks))).toBe('piped')
  await new Promise((resolve) => server.close(resolve))
})

test('errors can be caught and compared', async () => {
  expect(() => new WebSocket('nonsense')).toThrow(SyntaxError)
  const client = new WebSocket('ws://127.0.0.1:1')
  const [error] = await once(client, 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  expect(() => new WebSocket.Server({})).toThrow(TypeError)
})

test('socket.io on it', async () => {
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server = new Server(http)
  server.on('connection', (socket) => socket.on('echo', (...data) => data.pop()(...data)))
  const client = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'] })
  expect(await client.timeout(10_000).emitWithAck('echo', { a: Buffer.from([1]) })).toEqual({ a: Buffer.from([1]) })
  expect(client.io.engine.transport.ws).toBeInstanceOf(WebSocket)
  client.close()
  await server.close()
})
