import { type MessageType, PreparedMessage } from '../core/index.ts'

/** Longest bytes that are compared with those sent before: longer ones cost more to copy than most need. */
const MAX_BYTES = 64 * 1024

/**
 * Programs that know of no `PreparedMessage` send the same string or array to socket after socket. Where sockets compress
 * that is worth to be noticed: from the second time on it is prepared, and so compressed once for all that compress alike.
 */
export class RepeatedMessage {
  #data: string | Uint8Array | undefined
  #type: MessageType = 'text'
  /** What an array held when it was sent: its owner may change it. */
  #bytes: Uint8Array = new Uint8Array(0)
  #size = 0
  #prepared: PreparedMessage | undefined

  /** The message made from `data`, if that was the last one asked for as well. Otherwise it is the last from here on. */
  find(data: string | Uint8Array, type: MessageType): PreparedMessage | undefined {
    if (data !== this.#data || type !== this.#type || !this.#isUnchanged(data)) {
      this.#remember(data, type)
      return undefined
    }
    // A copy: what is prepared must not change, and it enters windows.
    this.#prepared ??= new PreparedMessage(typeof data === 'string' ? data : this.#bytes.slice(0, this.#size), { type })
    return this.#prepared
  }

  /** Keeps nothing: the memory is its owner's. */
  forget(): void {
    this.#data = undefined
    this.#prepared = undefined
  }

  #remember(data: string | Uint8Array, type: MessageType): void {
    this.#prepared = undefined
    this.#type = type
    if (typeof data !== 'string') {
      if (data.length > MAX_BYTES) {
        this.#data = undefined
        return
      }
      if (data.length > this.#bytes.length) this.#bytes = new Uint8Array(Math.min(data.length * 2, MAX_BYTES))
      this.#bytes.set(data)
      this.#size = data.length
    }
    this.#data = data
  }

  #isUnchanged(data: string | Uint8Array): boolean {
    if (typeof data === 'string') return true
    return data.length === this.#size && Buffer.compare(data, this.#bytes.subarray(0, this.#size)) === 0
  }
}
