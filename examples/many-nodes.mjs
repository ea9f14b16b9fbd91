import { createServer } from 'node:http'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'
import { redis } from '@wigwag/redis'

const broker = redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', {
  history: { size: 100, ttlMs: 300_000 },
  onStatus: ({ state, why }) => console.log(state === 'connected' ? 'Redis is there' : why),
})
const hub = createHub({ broker })

const server = createServer((request, response) => {
  const ready = hub.status.state === 'connected'
  if (request.url === '/ready') response.writeHead(ready ? 200 : 503).end(ready ? 'ready\n' : 'Redis is away\n')
  else response.end('your own pages\n')
})
new ChannelEndpoint(hub).attach(server)

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`a node on http://127.0.0.1:${server.address().port}/channel/orders`)
})
