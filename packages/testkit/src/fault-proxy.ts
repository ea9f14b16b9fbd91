import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type CutHow, HEALTHY, type LineConditions } from './fault-conditions.ts'
import { FaultLine } from './fault-line.ts'

/** A TCP proxy on loopback that does to connections what networks do: it cuts, stalls, delays and throttles them. */
export class FaultProxy {
  readonly #server: Server
  readonly #lines = new Set<FaultLine>()
  #conditions: LineConditions = HEALTHY
  #isCut = false
  #targetPort: number

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (inbound) => this.#join(inbound))
  }

  /** Starts to listen on loopback; resolves with the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** The connections that there are, the oldest first. */
  get lines(): readonly FaultLine[] {
    return [...this.#lines]
  }

  /** Cuts the connections that there are; others get through. */
  drop(how: CutHow = 'reset'): void {
    for (const line of this.#lines) line.cut(how)
  }

  /** Cuts every connection, and resets new ones until it is mended. */
  cut(how: CutHow = 'reset'): void {
    this.#isCut = true
    this.drop(how)
  }

  /** Has connections, those that there are and those that come, go on under these conditions and otherwise in health. */
  shape(conditions: Partial<LineConditions>): void {
    this.#conditions = { ...HEALTHY, ...conditions }
    for (const line of this.#lines) line.shape(this.#conditions)
  }

  /** Takes connections that come from now on somewhere else, as a load balancer does. */
  retarget(targetPort: number): void {
    this.#targetPort = targetPort
  }

  /** Lets everything through again: new connections, and what has stalled in old ones. */
  mend(): void {
    this.#isCut = false
    this.shape(HEALTHY)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isCut = true
    for (const line of this.#lines) line.destroy()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #join(inbound: Socket): void {
    if (this.#isCut) {
      inbound.resetAndDestroy()
      return
    }
    this.#lines.add(new FaultLine(inbound, this.#targetPort, this.#conditions, (line) => this.#lines.delete(line)))
  }
}
