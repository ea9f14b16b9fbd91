import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { acceptKey } from '@wigwag/socket/core'
import { onTestFinished } from 'vitest'

/** A TCP server that answers each connection as the test says: it is given the request head and its key. Resolves with the URL. */
export async function openRaw(answer: (socket: Socket, head: string, key: string) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', (chunk) => {
      const head = String(chunk)
      answer(socket, head, /sec-websocket-key: (.*)/i.exec(head)?.[1] ?? '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Writes `bytes` in pieces of `size`, each behind the one before. */
export function drip(socket: Socket, bytes: Uint8Array | string, size: number): void {
  const buffer = Buffer.from(bytes)
  socket.setNoDelay(true)
  const next = (at: number): void => {
    if (at < buffer.length && !socket.destroyed)
      socket.write(buffer.subarray(at, at + size), () => setImmediate(next, at + size))
  }
  next(0)
}

/** The 101 that accepts `key`, with further fields. */
export function accepted(key: string, fields = ''): string {
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n${fields}\r\n`
}
