import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy whose line can be cut: connections drop and none gets through until it is mended. */
export class CuttableProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #cut = false
  #targetPort: number

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((inbound) => this.#join(inbound))
  }

  /** Starts to listen on loopback; resolves with the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** Drops every connection and refuses new ones. */
  cut(): void {
    this.#cut = true
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Takes connections that come from now on somewhere else, as a load balancer does. */
  retarget(targetPort: number): void {
    this.#targetPort = targetPort
  }

  /** Lets connections through again. */
  mend(): void {
    this.#cut = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #join(inbound: Socket): void {
    if (this.#cut) {
      inbound.resetAndDestroy()
      return
    }
    const outbound = connect(this.#targetPort, '127.0.0.1')
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }
}
