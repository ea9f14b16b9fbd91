const { once } = require('node:events')
const WebSocket = require('ws')

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

test('sockets speak while time stands still', async () => {
  const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }, () => socket.ping('ping')))
  })
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  await once(client, 'open')
  const pinged = once(client, 'ping')
  client.send('hello')
  expect(String((await once(client, 'message'))[0])).toBe('hello')
  expect(String((await pinged)[0])).toBe('ping')
  // What programs do at an interval is theirs to bring about.
  const beat = once(client, 'message')
  const timer = setInterval(() => client.send('beat'), 30_000)
  jest.advanceTimersByTime(30_000)
  expect(String((await beat)[0])).toBe('beat')
  clearInterval(timer)
  const closed = once(client, 'close')
  client.close(1000)
  expect((await closed)[0]).toBe(1000)
  server.close()
})
