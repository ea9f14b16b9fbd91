jest.mock('ws')
const WebSocket = require('ws')

test('jest.mock finds the same functions', () => {
  const socket = new WebSocket('ws://127.0.0.1:1')
  for (const name of [
    'send',
    'close',
    'ping',
    'pong',
    'terminate',
    'pause',
    'resume',
    'on',
    'once',
    'addEventListener',
  ]) {
    expect(jest.isMockFunction(socket[name])).toBe(true)
  }
  socket.send('nowhere')
  expect(socket.send).toHaveBeenCalledWith('nowhere')
  expect(WebSocket).toHaveBeenCalledTimes(1)
  expect(jest.isMockFunction(WebSocket.Server)).toBe(true)
  expect(jest.isMockFunction(WebSocket.createWebSocketStream)).toBe(true)
  expect(WebSocket.OPEN).toBe(1)
  const server = new WebSocket.WebSocketServer({ port: 1 })
  server.close()
  expect(server.close).toHaveBeenCalledTimes(1)
})
