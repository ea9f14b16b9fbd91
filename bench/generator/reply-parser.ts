import type { Traffic } from './traffic.ts'

const OPCODE_CONTINUATION = 0
const OPCODE_CLOSE = 8

/** What a parser tells about replies that are not as they should be. */
export interface ReplyFaults {
  /** A whole message came, and it is not the one expected. */
  wrong(what: string): void
  /** Nothing more can be read on this connection. */
  lost(what: string): void
}

/**
 * Reads a server's frames, however they are cut into chunks and fragments, and compares every payload byte with the
 * traffic. Pings go unanswered: a run takes seconds.
 */
export class ReplyParser {
  readonly #traffic: Traffic
  readonly #faults: ReplyFaults
  /** Number of the expected message within the period. */
  #next: number
  readonly #header = Buffer.alloc(10)
  #headerBytes = 0
  /** Payload bytes of the current frame still to come; `undefined` while its header is read. */
  #left: number | undefined
  #messageBytes = 0
  #matches = true
  #dead = false

  constructor(traffic: Traffic, next: number, faults: ReplyFaults) {
    this.#traffic = traffic
    this.#next = next
    this.#faults = faults
  }

  /** Takes bytes as they came; returns how many messages they complete. */
  read(chunk: Buffer): number {
    let completed = 0
    let at = 0
    while (!this.#dead) {
      if (this.#left === undefined) at = this.#readHeader(chunk, at)
      if (this.#left === undefined || this.#dead) break
      const take = Math.min(this.#left, chunk.length - at)
      this.#comparePayload(chunk, at, at + take)
      at += take
      this.#left -= take
      if (this.#left > 0) break
      this.#left = undefined
      if (this.#endFrame()) completed++
    }
    return completed
  }

  #readHeader(chunk: Buffer, start: number): number {
    const header = this.#header
    let at = start
    while (at < chunk.length) {
      header[this.#headerBytes++] = chunk[at++] as number
      const short = (header[1] as number) & 0x7f
      const needed = this.#headerBytes < 2 || short < 126 ? 2 : short === 126 ? 4 : 10
      if (this.#headerBytes < needed) continue
      this.#headerBytes = 0
      this.#left = needed === 2 ? short : needed === 4 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
      this.#checkHeader(header[0] as number, header[1] as number)
      break
    }
    return at
  }

  #checkHeader(first: number, second: number): void {
    const opcode = first & 0x0f
    if (first & 0x70) this.#lose(`a frame with reserved bits 0x${(first & 0x70).toString(16)}`)
    else if (second & 0x80) this.#lose('a masked frame from the server')
    else if (opcode === OPCODE_CLOSE) this.#lose('a Close frame')
    else if (opcode === this.#traffic.opcode) this.#beginMessage()
    else if (opcode !== OPCODE_CONTINUATION && opcode < OPCODE_CLOSE) this.#lose(`a frame with opcode ${opcode}`)
  }

  #beginMessage(): void {
    this.#messageBytes = 0
    this.#matches = true
  }

  #comparePayload(chunk: Buffer, start: number, end: number): void {
    if (this.#isControl()) return
    const expected = this.#traffic.payloads[this.#next] as Buffer
    const until = this.#messageBytes + end - start
    if (until > expected.length || chunk.compare(expected, this.#messageBytes, until, start, end) !== 0) {
      this.#matches = false
    }
    this.#messageBytes = until
  }

  /** Whether the frame that ends here ends a message. */
  #endFrame(): boolean {
    if (this.#isControl() || ((this.#header[0] as number) & 0x80) === 0) return false
    if (!this.#matches || this.#messageBytes !== this.#traffic.payloads[this.#next]?.length) {
      this.#faults.wrong(`a message of ${this.#messageBytes} bytes that differs from the expected payload`)
    }
    this.#next = (this.#next + 1) % this.#traffic.period
    return true
  }

  #isControl(): boolean {
    return ((this.#header[0] as number) & 0x08) !== 0
  }

  #lose(what: string): void {
    this.#dead = true
    this.#faults.lost(what)
  }
}
