import { createServer } from 'node:http'
import { createHub, httpHooks } from '@wigwag/hub/node'

// The application is http-hooks.py, or whatever answers as it does.
const backEnd = process.env.BACK_END ?? 'http://127.0.0.1:8001'
const hooks = httpHooks({
  secret: process.env.HOOK_SECRET ?? 'change me: thirty-two bytes or more',
  connect: `${backEnd}/hooks`,
  subscribe: `${backEnd}/hooks`,
  publish: `${backEnd}/hooks`,
  rpc: `${backEnd}/hooks`,
  disconnected: `${backEnd}/hooks`,
})
const hub = createHub({
  ...hooks.hubOptions,
  namespaces: { '': { subscribe: hooks.subscribe, publish: hooks.publish } },
})

const server = createServer((_request, response) => response.end('your own pages\n'))
hub.attach(server)
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`chatting on ws://127.0.0.1:${server.address().port}/connection/websocket`)
})

process.once('SIGTERM', async () => {
  server.close()
  await hub.close()
  // Behind the hub: the application is told of each session that this has ended.
  await hooks.close()
})
