import { createServer } from 'node:http'
import { jwt } from '@wigwag/hub/jwt'
import { createHub } from '@wigwag/hub/node'

const hub = createHub({
  authenticate: jwt({ secret: process.env.TOKEN_SECRET ?? 'at least thirty-two bytes, and yours alone' }),
  namespaces: {
    orders: { subscribe: ({ user, channel }) => channel.rest === user }, // orders:42 is for user 42
    chat: { presence: true, joinLeave: true, publish: 'subscriber', readPresence: 'subscriber' },
  },
  rpc: { getQuote: (symbol, { user }) => ({ symbol, price: 3, for: user }) },
})

const server = createServer((_request, response) => response.end('your own pages\n'))
hub.attach(server) // takes /connection/websocket and /channel/NAME, leaves everything else to you

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`sessions on ws://127.0.0.1:${server.address().port}/connection/websocket`)
})

setInterval(() => hub.publish('orders:42', { status: 'still on its way' }), 1000)
