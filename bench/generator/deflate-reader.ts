import type { ConversationReader } from './conversation.ts'
import type { DeflateDialect } from './deflate-dialect.ts'
import type { ReplyFaults } from './reply-parser.ts'

const FIN_TEXT = 0x81
const RSV1 = 0x40
const NOTHING = Buffer.alloc(0)

/** Reads compressed messages of one connection, one frame each, and has every one verified. */
export class DeflateReader implements ConversationReader {
  readonly #dialect: DeflateDialect
  readonly #first: number
  readonly #faults: ReplyFaults
  #preludeDue: boolean
  /** Number of the expected message within the period. */
  #next: number
  /** The beginning of a frame whose end has not come. */
  #rest: Buffer = NOTHING
  #dead = false
  /** What replies may refer to, from the first on that came as it is: it entered no window (RFC 7692 §7.2.1). */
  #window: Buffer | undefined

  constructor(dialect: DeflateDialect, first: number, hasPrelude: boolean, faults: ReplyFaults) {
    this.#dialect = dialect
    this.#first = first
    this.#preludeDue = hasPrelude
    this.#next = first % dialect.period
    this.#faults = faults
  }

  read(chunk: Buffer, length: number): number {
    const whole = this.#rest.length === 0
    const bytes = whole ? chunk : Buffer.concat([this.#rest, chunk.subarray(0, length)])
    const end = whole ? length : bytes.length
    let completed = 0
    let at = 0
    while (!this.#dead && end - at >= 2) {
      const short = (bytes[at + 1] as number) & 0x7f
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
      if (start > end) break
      const size =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
      if (start + size > end) break
      completed += this.#take(bytes, at, start, start + size)
      at = start + size
    }
    this.#rest = at === end ? NOTHING : Buffer.from(bytes.subarray(at, end))
    return completed
  }

  /** Returns how many messages that count the frame is: one, but for the prelude and what is not a message. */
  #take(bytes: Buffer, at: number, start: number, end: number): number {
    const first = bytes[at] as number
    if ((first & 0x0f) === 9 || (first & 0x0f) === 10) return 0
    if ((first & ~RSV1) !== FIN_TEXT || (bytes[at + 1] as number) >= 0x80) {
      this.#dead = true
      this.#faults.lost(`a frame with header 0x${bytes.toString('hex', at, at + 2)}`)
      return 0
    }
    const compressed = (first & RSV1) !== 0
    if (this.#preludeDue) {
      this.#preludeDue = false
      const right = compressed && this.#dialect.isPrelude(this.#first, bytes.subarray(start, end))
      if (!right) this.#faults.wrong('a prelude that is not the one sent')
      return 0
    }
    const right = compressed ? this.#isReply(bytes, start, end) : this.#isPlainReply(bytes.subarray(start, end))
    if (!right) this.#faults.wrong(`a ${compressed ? '' : 'not '}compressed message that differs from the expected one`)
    this.#next = (this.#next + 1) % this.#dialect.period
    return 1
  }

  #isReply(bytes: Buffer, start: number, end: number): boolean {
    if (this.#window === undefined) return this.#dialect.isReply(this.#next, bytes, start, end)
    const right = this.#dialect.isReplyBehind(this.#window, this.#next, bytes.subarray(start, end))
    this.#window = this.#dialect.windowBehind(this.#window, this.#next)
    return right
  }

  #isPlainReply(payload: Buffer): boolean {
    this.#window ??= this.#dialect.windowBefore(this.#next)
    return this.#dialect.isPlainReply(this.#next, payload)
  }
}
