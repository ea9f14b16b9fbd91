import type { ConversationReader } from './conversation.ts'
import type { ExpectedStream } from './expected-stream.ts'
import type { ReplyFaults } from './reply-parser.ts'
import type { SessionDialect } from './session-protocols.ts'
import { readFrame } from './text-frames.ts'
import { maskedFrame } from './traffic.ts'

const OPCODE_TEXT = 1

/**
 * One session of a push server: says what a client says first, counts publications and verifies every byte. As long as
 * nothing but publications comes, a chunk costs one comparison of memory. From a chunk that has something else, messages
 * are read one by one until it ends with one.
 */
export class SessionReader implements ConversationReader {
  readonly #dialect: SessionDialect
  readonly #expected: ExpectedStream
  readonly #faults: ReplyFaults
  #write: (bytes: Buffer) => void = () => {}
  #opened: () => void = () => {}
  /** Steps of the opening that are done. */
  #steps = 0
  /** The publication that comes next, and how far the stream of all has been received. */
  #next = 0
  #position = 0
  /** What came behind the last whole message, while messages are read one by one. */
  #rest: Buffer | undefined
  #isDead = false

  constructor(dialect: SessionDialect, expected: ExpectedStream, faults: ReplyFaults) {
    this.#dialect = dialect
    this.#expected = expected
    this.#faults = faults
  }

  open(write: (bytes: Buffer) => void, opened: () => void): void {
    this.#write = write
    this.#opened = opened
    this.#say()
  }

  read(chunk: Buffer, length: number): number {
    if (this.#isDead) return 0
    const expected = this.#expected
    if (!expected.holds(this.#position, this.#next)) return this.#lose('it is too far behind to be verified')
    if (this.#rest !== undefined || !expected.matches(this.#position, chunk, length)) {
      return this.#readMessages(chunk.subarray(0, length))
    }
    this.#position += length
    const before = this.#next
    while (this.#next < expected.frames && expected.endOf(this.#next) <= this.#position) this.#next++
    return this.#next - before
  }

  /** Reads what has come of the current message, and the chunk behind it. */
  #readMessages(chunk: Buffer): number {
    const start = this.#expected.startOf(this.#next)
    const bytes = Buffer.concat([this.#rest ?? this.#expected.slice(start, this.#position), chunk])
    let completed = 0
    let at = 0
    for (let frame = readFrame(bytes, at); frame !== undefined; frame = readFrame(bytes, at)) {
      if (frame.kind === 'fault') return this.#lose(frame.what)
      if (frame.kind === 'close') return this.#lose('a Close frame')
      if (frame.kind === 'text' && this.#take(frame.text, bytes.subarray(at, frame.end))) completed++
      if (this.#isDead) return completed
      at = frame.end
    }
    this.#position = this.#expected.startOf(this.#next)
    // A copy: the chunk is done with before the next one.
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at))
    return completed
  }

  /** A whole message. Returns whether it is a publication. */
  #take(text: string, frame: Buffer): boolean {
    const { opening, ping } = this.#dialect
    const step = opening[this.#steps]
    if (step !== undefined) {
      if (text.startsWith(step.awaited)) this.#say(++this.#steps)
      else this.#lose(`the opening was answered with ${text.slice(0, 80)}`)
      return false
    }
    if (text === ping?.text) {
      this.#send(ping.answer)
      return false
    }
    if (this.#next >= this.#expected.frames) {
      this.#faults.wrong(`${text.slice(0, 120)}, before it was published`)
      return false
    }
    if (!this.#expected.matches(this.#expected.startOf(this.#next), frame, frame.length)) {
      this.#faults.wrong(`${text.slice(0, 120)}, which is not publication ${this.#next + 1}`)
    }
    this.#next++
    return true
  }

  #say(steps: number = 0): void {
    const { opening } = this.#dialect
    const step = opening[steps]
    if (step === undefined) this.#opened()
    else if (step.say !== undefined) this.#send(step.say)
  }

  #send(text: string): void {
    this.#write(maskedFrame(OPCODE_TEXT, Buffer.from(text), text.length))
  }

  #lose(what: string): number {
    this.#isDead = true
    this.#faults.lost(what)
    return 0
  }
}
