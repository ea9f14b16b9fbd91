import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Counts the bytes that pass between two sides, opening handshake included. */
export class WireTap {
  /** Bytes from the client, as they came. */
  fromClientBytes = 0
  fromServerBytes = 0

  /** Stands before `port` of 127.0.0.1; resolves with the port to connect to. Gone when the test is over. */
  async tap(port: number): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer((inbound) => {
      const outbound = connect(port, '127.0.0.1')
      inbound.on('data', ({ length }: Buffer) => (this.fromClientBytes += length)).pipe(outbound)
      outbound.on('data', ({ length }: Buffer) => (this.fromServerBytes += length)).pipe(inbound)
      for (const [socket, other] of [
        [inbound, outbound],
        [outbound, inbound],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => other.destroy())
      }
    })
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return (server.address() as AddressInfo).port
  }
}
