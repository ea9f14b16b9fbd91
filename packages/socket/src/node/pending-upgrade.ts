import type { UpgradeRefusal } from '../core/index.ts'
import type { Sleeper } from './deadline-wheel.ts'
import type { DriverSocket } from './driver-socket.ts'
import type { Listed } from './live-list.ts'
import { wheel } from './socket-driver.ts'

type PendingState = 'waiting' | 'settled' | 'abandoned'

/** An upgrade that waits for `authorize`: it ends with a decision, or when the client leaves or time is up. */
export class PendingUpgrade implements Sleeper, Listed {
  livePlace = -1
  #socket: DriverSocket
  /** Made when somebody asks for the signal: most decisions are made at once, and nobody does. */
  #abort: AbortController | undefined
  #state: PendingState = 'waiting'
  readonly #ended: (refusal: UpgradeRefusal | undefined) => void
  readonly #left = (): void => {
    this.abandon(undefined)
    this.#socket.destroy()
  }
  readonly deadlineMs: number
  wheelSlot = -1

  /** `ended` is told when there will be no decision, with the answer for the client if it is still there. */
  constructor(socket: DriverSocket, timeoutMs: number, ended: (refusal: UpgradeRefusal | undefined) => void) {
    this.#socket = socket
    this.#ended = ended
    this.deadlineMs = wheel.refresh() + timeoutMs
  }

  /** The decision takes time: watches the client and the clock meanwhile. */
  watch(): void {
    wheel.add(this)
    // A half-open client is gone, too: it could not send a Close frame any more.
    this.#socket.once('end', this.#left)
    this.#socket.once('close', this.#left)
  }

  /** The connection went over to another socket, with its listeners. */
  moveTo(socket: DriverSocket): void {
    this.#socket = socket
  }

  /** Aborted when there will be no decision. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#state === 'abandoned') this.#abort.abort()
    return this.#abort.signal
  }

  /** A decision came. Returns whether it is still wanted. */
  settle(): boolean {
    if (this.#state !== 'waiting') return false
    this.#state = 'settled'
    this.#leave()
    return true
  }

  /** There will be no decision. */
  abandon(refusal: UpgradeRefusal | undefined): void {
    if (this.#state !== 'waiting') return
    this.#state = 'abandoned'
    this.#leave()
    this.#abort?.abort()
    this.#ended(refusal)
  }

  wake(): void {
    this.abandon({
      status: 503,
      message: 'The server took too long to decide whether to let you in; try again.',
      headers: { 'retry-after': '5' },
    })
  }

  #leave(): void {
    wheel.remove(this)
    this.#socket.off('end', this.#left)
    this.#socket.off('close', this.#left)
  }
}
