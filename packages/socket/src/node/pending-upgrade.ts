import type { Socket } from 'node:net'
import type { UpgradeRefusal } from '../core/index.ts'
import type { Sleeper } from './deadline-wheel.ts'
import { wheel } from './socket-driver.ts'

/** An upgrade that waits for `authorize`: it ends with a decision, or when the client leaves or time is up. */
export class PendingUpgrade implements Sleeper {
  readonly #socket: Socket
  readonly #abort = new AbortController()
  readonly #ended: (refusal: UpgradeRefusal | undefined) => void
  readonly #left = (): void => {
    this.abandon(undefined)
    this.#socket.destroy()
  }
  readonly deadlineMs: number
  wheelSlot = -1

  /** `ended` is told when there will be no decision, with the answer for the client if it is still there. */
  constructor(socket: Socket, timeoutMs: number, ended: (refusal: UpgradeRefusal | undefined) => void) {
    this.#socket = socket
    this.#ended = ended
    this.deadlineMs = wheel.refresh() + timeoutMs
    wheel.add(this)
    // A half-open client is gone, too: it could not send a Close frame any more.
    socket.once('end', this.#left).once('close', this.#left)
  }

  /** Aborted when there will be no decision. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** A decision came. Returns whether it is still wanted. */
  settle(): boolean {
    if (this.#abort.signal.aborted) return false
    this.#leave()
    return true
  }

  /** There will be no decision. */
  abandon(refusal: UpgradeRefusal | undefined): void {
    if (this.#abort.signal.aborted) return
    this.#leave()
    this.#abort.abort()
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
    this.#socket.off('end', this.#left).off('close', this.#left)
  }
}
