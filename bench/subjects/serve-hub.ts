import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hub } from '@wigwag/hub'
import { ChannelEndpoint } from '@wigwag/hub/node'
import type { Json } from '@wigwag/protocol'
import { interceptHttp, WebSocketServer } from '@wigwag/socket'
import { announce } from '../announce.ts'

/**
 * Serves a hub as the load generator wants it. Subscribers are sessions, or bare WebSockets of a channel with its defaults.
 * `dataOf` says what is published of a text.
 */
export function serveHub(hub: Hub, dataOf: (text: string) => Json = (text) => text): void {
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
      await hub.publish('bench', typeof data === 'string' ? dataOf(data) : data)
    },
  }).attach(server)
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
}
