import { type AddressInfo, createServer } from 'node:net'
import { announce } from '../announce.ts'

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk))
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
