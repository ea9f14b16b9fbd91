/** @jest-environment ./scenarios/jest/bare-environment.cjs */
const { once } = require('node:events')
const WebSocket = require('ws')

test('without setImmediate and performance, as in the environment of jsdom', async () => {
  expect(typeof setImmediate).toBe('undefined')
  const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  await once(client, 'open')
  client.send('hello')
  expect(String((await once(client, 'message'))[0])).toBe('hello')
  client.terminate()
  await once(client, 'close')
  await new Promise((resolve) => server.close(resolve))
})
