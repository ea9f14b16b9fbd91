import { FrameArena } from '../core/index.ts'
import { nodeBytes } from './node-bytes.ts'

/** Something with output waiting. */
export interface Flushable {
  /** Hands everything waiting to the kernel. Returns whether the kernel took all of it. */
  flush(): boolean
}

/**
 * Collects what all connections send in one turn of the event loop and writes it at the end of the turn: one write a
 * socket, however many messages it was sent, all out of one arena.
 */
export class FlushQueue {
  /** Where the frames of this turn are encoded. */
  readonly arena: FrameArena = new FrameArena(nodeBytes)
  #waiting: Flushable[] = []
  #spare: Flushable[] = []
  #heldBack = false
  readonly #run = (): void => this.#flushAll()

  /** Flushes `flushable` at the end of this turn. */
  add(flushable: Flushable): void {
    if (this.#waiting.length === 0) setImmediate(this.#run)
    this.#waiting.push(flushable)
  }

  /** The kernel did not take everything of a range of the arena at once: the arena must not be overwritten yet. */
  holdBack(): void {
    this.#heldBack = true
  }

  #flushAll(): void {
    const flushing = this.#waiting
    this.#waiting = this.#spare
    for (const flushable of flushing) {
      if (!flushable.flush()) this.#heldBack = true
    }
    flushing.length = 0
    this.#spare = flushing
    if (this.#waiting.length > 0) return // somebody sent while we flushed; their ranges are in the arena
    if (this.#heldBack) this.arena.renew()
    else this.arena.recycle()
    this.#heldBack = false
  }
}
