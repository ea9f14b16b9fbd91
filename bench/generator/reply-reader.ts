import { type ReplyFaults, ReplyParser } from './reply-parser.ts'
import type { Traffic } from './traffic.ts'

/**
 * Counts the messages of one connection and verifies every byte. As long as the server frames the messages in the
 * usual way (one frame each, shortest length), the stream as a whole is known beforehand, and a chunk costs one
 * comparison of memory. The first chunk that differs, and all after it, go to a parser instead; where only these bytes
 * can be right, the connection is lost.
 */
export class ReplyReader {
  readonly #traffic: Traffic
  readonly #faults: ReplyFaults
  readonly #periodBytes: number
  /** Bytes of the expected stream received, modulo its period. */
  #offset: number
  #parser: ReplyParser | undefined

  /** `first` is the number of the first message expected. */
  constructor(traffic: Traffic, first: number, faults: ReplyFaults) {
    this.#traffic = traffic
    this.#faults = faults
    this.#periodBytes = traffic.period * traffic.replyBytes
    this.#offset = (first * traffic.replyBytes) % this.#periodBytes
  }

  /** Takes the first `length` bytes of a chunk; returns how many messages they complete. Keeps nothing of it. */
  read(chunk: Buffer, length: number): number {
    if (this.#parser !== undefined) return this.#parser.read(chunk.subarray(0, length))
    const { replies, replyBytes } = this.#traffic
    const end = this.#offset + length
    if (chunk.compare(replies, this.#offset, end, 0, length) !== 0) return this.#startParser(chunk.subarray(0, length))
    const completed = Math.floor(end / replyBytes) - Math.floor(this.#offset / replyBytes)
    this.#offset = end % this.#periodBytes
    return completed
  }

  #startParser(chunk: Buffer): number {
    const { replies, replyBytes, replyFraming } = this.#traffic
    if (replyFraming === 'exact') {
      this.#faults.lost('bytes that are not those sent')
      return 0
    }
    const next = Math.floor(this.#offset / replyBytes)
    this.#parser = new ReplyParser(this.#traffic, next, this.#faults)
    this.#parser.read(replies.subarray(next * replyBytes, this.#offset))
    return this.#parser.read(chunk)
  }
}
