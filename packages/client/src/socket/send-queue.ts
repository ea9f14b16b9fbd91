import type { SocketBytes } from './socket-web-socket.ts'

/** Messages that wait for a connection: bounded, in their order. */
export class SendQueue {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #waiting: (string | SocketBytes)[] = []
  #bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  /** How many wait (count). */
  get size(): number {
    return this.#waiting.length
  }

  /** Takes one in; returns whether there is room. */
  push(data: string | SocketBytes): boolean {
    const bytes = this.#bytes + sizeOf(data)
    if (this.#waiting.length >= this.#maxMessages || bytes > this.#maxBytes) return false
    this.#waiting.push(data)
    this.#bytes = bytes
    return true
  }

  /** Hands over all. */
  take(): readonly (string | SocketBytes)[] {
    const waiting = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    return waiting
  }
}

/** How much it counts: bytes, or a text's UTF-16 code units. */
export function sizeOf(data: string | SocketBytes): number {
  return typeof data === 'string' ? data.length : data.byteLength
}
