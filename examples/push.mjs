import { createServer } from 'node:http'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'

const hub = createHub({ history: { size: 100, ttlMs: 300_000 } })

const server = createServer((_request, response) => response.end('your own pages\n'))
new ChannelEndpoint(hub).attach(server) // takes /channel/NAME, leaves everything else to you

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`pushing on http://127.0.0.1:${server.address().port}/channel/prices`)
})

setInterval(() => hub.publish('prices', { symbol: 'ABC', price: 100 + Math.round(Math.random() * 10) }), 1000)
