import { writeSync } from 'node:fs'

/** How often one tries again while a terminal takes no input, in milliseconds: nobody tells when it does. */
const FIRST_WAIT_MS = 2
const MAX_WAIT_MS = 50

/**
 * What is typed, on its way into a terminal. Node's stream of one waits in a loop while there is no room (libuv has no other
 * way for it), and the whole process with it: a program that reads nothing would stop them all. So it is written from here,
 * to a descriptor that does not block, as much as there is room for.
 */
export class PtyInput {
  readonly #fd: number
  readonly #drained: () => void
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isOpen = true

  /** `drained` is told when all that had to wait is written. */
  constructor(fd: number, drained: () => void) {
    this.#fd = fd
    this.#drained = drained
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Takes input; returns whether it was written at once. Whose the bytes are: ours, until they are written. */
  write(bytes: Uint8Array): boolean {
    if (!this.#isOpen) return true
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#timer === undefined) this.#flush(FIRST_WAIT_MS)
    return this.#waitingBytes === 0
  }

  /** The descriptor is about to be closed, and may be somebody else's next. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isOpen = false
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  #flush(waitMs: number): void {
    const before = this.#waitingBytes
    while (this.#waiting.length > 0) {
      const [bytes] = this.#waiting as [Uint8Array]
      const written = this.#writeSome(bytes)
      if (!this.#isOpen) return
      this.#waitingBytes -= written
      if (written === bytes.length) this.#waiting.shift()
      else {
        this.#waiting[0] = bytes.subarray(written)
        const nextMs = this.#waitingBytes < before ? FIRST_WAIT_MS : Math.min(2 * waitMs, MAX_WAIT_MS)
        this.#timer = setTimeout(() => this.#retry(nextMs), waitMs)
        return
      }
    }
  }

  #retry(waitMs: number): void {
    this.#timer = undefined
    this.#flush(waitMs)
    if (this.#waitingBytes === 0 && this.#isOpen) this.#drained()
  }

  #writeSome(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.close()
      return 0
    }
  }
}
