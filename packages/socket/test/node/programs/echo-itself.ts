import { connectWebSocket, WebSocketServer } from '@wigwag/socket'

/** Sends itself a large message there and back, and prints whether it came back as it was, and with WebAssembly or not. */
const server = new WebSocketServer({ message: (socket, data) => void socket.send(data) })
const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
const message = Uint8Array.from({ length: 300_001 }, (_, i) => i * 7)
const socket = await connectWebSocket(`ws://127.0.0.1:${port}/`, {
  message(_socket, data) {
    const same = typeof data !== 'string' && Buffer.compare(data, message) === 0
    console.log(JSON.stringify({ same, webAssembly: 'WebAssembly' in globalThis }))
    process.exit()
  },
})
socket.send(message)
