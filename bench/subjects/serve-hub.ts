import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hub } from '@wigwag/hub'
import { ChannelEndpoint } from '@wigwag/hub/node'
import { interceptHttp, WebSocketServer } from '@wigwag/socket'
import { announce } from '../announce.ts'

/** Serves a hub as the load generator wants it. Subscribers are bare WebSockets of a channel with its defaults. */
export function serveHub(hub: Hub): void {
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
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
}
