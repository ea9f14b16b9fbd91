import { createServer } from 'node:http'
import { refuse, WebSocketServer } from '@wigwag/socket'

const users = new Map([['secret-of-ada', 'ada']])

const sockets = new WebSocketServer({
  path: '/chat',
  // Decided before the 101: a refusal is a real HTTP answer. What is returned becomes socket.data.
  authorize: async ({ query }) => {
    const user = users.get(query.get('token') ?? '')
    return user === undefined ? refuse(401, 'Log in first.') : { user }
  },
  open: (socket) => socket.send(`hello ${socket.data.user}`),
})

const server = createServer((_request, response) => response.end('your own pages\n'))
sockets.attach(server)
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`chatting on ws://127.0.0.1:${server.address().port}/chat`)
})
