import { FrameArena } from '../core/index.ts'
import { ArenaViews } from './arena-views.ts'
import { atEndOfTurn } from './host-time.ts'
import { nodeBytes } from './node-bytes.ts'
import { RepeatedMessage } from './repeated-message.ts'

/** Something with output waiting. */
export interface Flushable {
  /** Hands everything waiting to the kernel. Returns whether nothing of it is needed any more where it lies. */
  flush(): boolean
}

/** What is written before the turn has ended when it gets more. */
const ARENA_BYTES = 256 * 1024

/** When so many connections have been answered they are flushed: with more, the first have left the processor's cache. */
const ANSWERED_AT_ONCE = 64

/**
 * Collects what all connections send in one turn of the event loop and writes it at the end of the turn, or when the
 * arena is full: one write a socket, however many messages it was sent, all out of one arena. Connections that were sent nothing but
 * answers to what was read of them need not wait for the end of a long turn; who publishes to many does so more than once in it.
 */
export class FlushQueue {
  /** Where the frames of this turn are encoded. */
  readonly arena: FrameArena = new FrameArena(nodeBytes, ARENA_BYTES, () => this.flushAll())
  /** What was sent last in this turn, by sockets that compress. */
  readonly repeated: RepeatedMessage = new RepeatedMessage()
  readonly #views = new ArenaViews()
  #waiting: Flushable[] = []
  #spare: Flushable[] = []
  #flushing = false
  #isDue = false
  /** Who is being read. */
  #read: Flushable | undefined
  /** Whether whoever waits was sent something when it had just been read. */
  #onlyAnswers = true
  #heldBack = false
  /** The arena's buffer when something was held back: the arena goes on behind it, and never starts it again. */
  #heldBuffer: Uint8Array | undefined
  readonly #run = (): void => {
    this.#isDue = false
    this.flushAll()
  }

  /** Flushes `flushable` at the end of this turn. */
  add(flushable: Flushable): void {
    if (!this.#isDue) {
      this.#isDue = true
      atEndOfTurn(this.#run)
    }
    this.#waiting.push(flushable)
    if (flushable !== this.#read) this.#onlyAnswers = false
  }

  /** What `flushable` is sent from here on, until `hasRead`, is an answer. */
  reads(flushable: Flushable): void {
    this.#read = flushable
  }

  /** All that came in one read has been told. */
  hasRead(): void {
    this.#read = undefined
    if (!this.#onlyAnswers || this.#waiting.length < ANSWERED_AT_ONCE) return
    try {
      this.flushAll()
    } catch (error) {
      // Whoever was read last has nothing to do with it, and reads on.
      atEndOfTurn(() => {
        throw error
      })
    }
  }

  /** `buffer[start, end)` to be written. Everyone who is sent the same broadcast writes the same view of the arena. */
  viewOf(buffer: Uint8Array, start: number, end: number): Uint8Array {
    // A buffer of its own, of a large message, is not kept until somebody is sent another.
    return buffer === this.arena.buffer ? this.#views.viewOf(buffer, start, end) : buffer.subarray(start, end)
  }

  /** The kernel did not take everything of a range of the arena at once: the arena must not be overwritten yet. */
  holdBack(): void {
    this.#heldBack = true
  }

  /** Does now what the end of the turn would do: for who has no such end any more, as a process that exits. */
  flushAll(): void {
    // Somebody sends within a write until the arena is full: it is still needed by those whose turn is to come.
    if (this.#flushing) return
    this.#flushing = true
    const flushing = this.#waiting
    this.#waiting = this.#spare
    let failure: { readonly error: unknown } | undefined
    for (const flushable of flushing) {
      try {
        if (!flushable.flush()) this.#heldBack = true
      } catch (error) {
        failure ??= { error } // what the others were sent leaves all the same
        this.#heldBack = true
      }
    }
    flushing.length = 0
    this.#spare = flushing
    this.#flushing = false
    this.#onlyAnswers = this.#waiting.length === 0
    this.#recycle()
    if (failure !== undefined) throw failure.error
  }

  #recycle(): void {
    if (this.#waiting.length > 0) return // somebody sent while we flushed; their ranges are in the arena
    this.arena.forget()
    this.repeated.forget()
    // A new buffer for each such turn would cost a whole arena for a few bytes, and with TLS each turn is one.
    if (this.#heldBack) this.#heldBuffer = this.arena.buffer
    else if (this.#heldBuffer !== this.arena.buffer) {
      this.#heldBuffer = undefined
      this.arena.recycle()
    }
    this.#heldBack = false
  }
}
