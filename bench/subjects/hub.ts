import { createServer } from 'node:http'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'
import { interceptHttp, WebSocketServer } from '@wigwag/socket'
import { announce } from '../announce.ts'

// A channel with its defaults: history, positions, the slow-reader policy. Subscribers are bare WebSockets.
const hub = createHub()
const server = createServer()
// The load generator asks every subject for /sub; here that is a channel.
interceptHttp(server, {
  upgrade(incoming) {
    if (incoming.url === '/sub') incoming.url = '/channel/bench'
    return false
  },
})
new ChannelEndpoint(hub).attach(server)
new WebSocketServer({
  path: '/pub',
  async message(_socket, data) {
    await hub.publish('bench', data)
  },
}).attach(server)

server.listen(0, '127.0.0.1', () => announce((server.address() as { port: number }).port))
