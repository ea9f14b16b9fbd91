import { connect, type Socket } from 'node:net'
import type { CutHow, LineConditions } from './fault-conditions.ts'
import { FaultPipe } from './fault-pipe.ts'

/** One connection through a proxy, and what is done to it. */
export class FaultLine {
  readonly #inbound: Socket
  readonly #outbound: Socket
  readonly #pipes: readonly FaultPipe[]
  #isCut = false

  /** `ended` is told when neither end is open any more. */
  constructor(inbound: Socket, targetPort: number, conditions: LineConditions, ended: (line: FaultLine) => void) {
    const outbound = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#inbound = inbound.setNoDelay()
    this.#outbound = outbound
    const spent = (how: CutHow): void => this.cut(how)
    this.#pipes = [
      new FaultPipe(inbound, outbound, 'up', conditions, spent),
      new FaultPipe(outbound, inbound, 'down', conditions, spent),
    ]
    let open = 2
    for (const [one, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      // What happened to one end happens to the other.
      one.on('error', () => other.resetAndDestroy())
      one.on('close', () => {
        open--
        if (open === 0) ended(this)
      })
    }
  }

  /** Goes on under other conditions. */
  shape(conditions: LineConditions): void {
    for (const pipe of this.#pipes) pipe.shape(conditions)
  }

  /** Ends it, both ways. What was on its way is lost. */
  cut(how: CutHow = 'reset'): void {
    if (this.#isCut) return
    this.#isCut = true
    for (const pipe of this.#pipes) pipe.close()
    for (const socket of [this.#inbound, this.#outbound]) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.end()
    }
  }

  /** Drops it, whatever either end does. */
  destroy(): void {
    this.cut()
    this.#inbound.destroy()
    this.#outbound.destroy()
  }
}
