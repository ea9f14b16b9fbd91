import { WebSocketServer } from '@wigwag/socket'

const server = new WebSocketServer({
  message: (socket, data) => socket.send(data),
})

const { port } = await server.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' })
console.log(`echoing on ws://127.0.0.1:${port}`)
