/** From how much in one reading on more is at hand: a terminal hands out 4095 bytes at once, however much there is. */
const FULL_READ_BYTES = 4000
/** A program that prints without end is sent in pieces of this size, or of what comes within this time, in milliseconds. */
const BULK_BYTES = 32 * 1024
const BULK_WAIT_MS = 2

/**
 * When a terminal's output is sent: at the end of the turn in which it came, so that a key that was pressed shows at once; but a
 * program that prints without end is gathered, as each message costs as much as a page of output, on both sides.
 */
export class OutputBatch {
  readonly #send: () => void
  #gatheredBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isDue = false

  /** `send` is called from the event loop, never from within another call. */
  constructor(send: () => void) {
    this.#send = send
  }

  /** So much was read. */
  add(bytes: number): void {
    this.#gatheredBytes += bytes
    if (bytes < FULL_READ_BYTES || this.#gatheredBytes >= BULK_BYTES) this.schedule()
    else this.#timer ??= setTimeout(() => this.schedule(), BULK_WAIT_MS)
  }

  /** What there is goes at the end of this turn. */
  schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#gatheredBytes = 0
      this.#send()
    })
  }
}
