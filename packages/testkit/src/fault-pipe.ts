import type { Socket } from 'node:net'
import type { CutHow, LineConditions, LineDirection } from './fault-conditions.ts'

/** What may wait in a pipe before its source is not read any more, in bytes. */
const MAX_WAITING_BYTES = 64 * 1024
/** How often a throttled pipe lets something through, a second. */
const SLICES_PER_SECOND = 50

/** Bytes, or their end. */
interface Waiting {
  chunk: Buffer | undefined
  readonly dueMs: number
}

/** One direction of a line. */
export class FaultPipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #direction: LineDirection
  readonly #spent: (how: CutHow) => void
  #conditions: LineConditions
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #carriedBytes = 0
  #nextMs = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  /** `spent` is told when it has carried all that it may. */
  constructor(
    from: Socket,
    to: Socket,
    direction: LineDirection,
    conditions: LineConditions,
    spent: (how: CutHow) => void,
  ) {
    this.#from = from
    this.#to = to
    this.#direction = direction
    this.#conditions = conditions
    this.#spent = spent
    from.on('data', (chunk) => {
      this.#waitingBytes += chunk.length
      this.#take(chunk)
    })
    from.on('end', () => this.#take(undefined))
    to.on('drain', () => this.#pass())
    this.shape(conditions)
  }

  /** Goes on under other conditions. */
  shape(conditions: LineConditions): void {
    this.#conditions = conditions
    this.#pass()
    this.#readOrNot()
  }

  /** Carries nothing any more; what comes is thrown away. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#waiting.length = 0
    this.#from.resume()
  }

  #take(chunk: Buffer | undefined): void {
    if (this.#isClosed) return
    this.#waiting.push({ chunk, dueMs: performance.now() + this.#conditions.delayMs })
    this.#pass()
    this.#readOrNot()
  }

  get #isStalled(): boolean {
    return this.#conditions.stalled.includes(this.#direction)
  }

  #readOrNot(): void {
    if (this.#isClosed) return
    if (this.#isStalled || this.#waitingBytes >= MAX_WAITING_BYTES) this.#from.pause()
    else this.#from.resume()
  }

  /** Lets through what may go now, and comes back for the rest. */
  #pass(): void {
    clearTimeout(this.#timer)
    for (let next = this.#waiting[0]; next !== undefined && !this.#isClosed; next = this.#waiting[0]) {
      if (this.#isStalled || this.#to.writableNeedDrain) return
      const waitMs = Math.max(next.dueMs, this.#nextMs) - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => {
          this.#pass()
          this.#readOrNot()
        }, waitMs)
        return
      }
      this.#carry(next)
    }
  }

  #carry(next: Waiting): void {
    const { chunk } = next
    if (chunk === undefined) {
      this.#waiting.shift()
      this.#to.end()
      return
    }
    const { bytesPerSecond, cutAfter } = this.#conditions
    const slice =
      bytesPerSecond === Number.POSITIVE_INFINITY ? chunk.length : Math.ceil(bytesPerSecond / SLICES_PER_SECOND)
    const left = cutAfter?.direction === this.#direction ? cutAfter.bytes - this.#carriedBytes : slice
    const bytes = Math.max(0, Math.min(chunk.length, slice, left))
    if (bytes === chunk.length) this.#waiting.shift()
    else next.chunk = chunk.subarray(bytes)
    this.#waitingBytes -= bytes
    this.#carriedBytes += bytes
    this.#nextMs = performance.now() + (bytes / bytesPerSecond) * 1000
    if (cutAfter?.direction !== this.#direction || this.#carriedBytes < cutAfter.bytes) {
      this.#to.write(chunk.subarray(0, bytes))
      return
    }
    this.#waiting.length = 0
    // Cut behind the last byte, not with it: a reset takes along what was not sent yet.
    this.#to.write(chunk.subarray(0, bytes), () => this.#spent(cutAfter.how))
  }
}
