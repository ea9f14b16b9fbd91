import type { MessageCell } from '../cell.ts'
import type { Conversation, Dialect } from './conversation.ts'
import { ExpectedStream } from './expected-stream.ts'
import type { FanOutTalk } from './fan-out-load.ts'
import type { SessionProtocol } from './load-spec.ts'
import { SESSION_DIALECTS, type SessionDialect } from './session-protocols.ts'
import { SessionReader } from './session-reader.ts'
import { maskedFrame } from './traffic.ts'

const PERIOD = 64
const OPCODE_TEXT = 1
/** Nothing is sent to who publishes. */
const SILENT: SessionDialect = { target: '/pub', opening: [], encode: (_n, data) => data }

/**
 * Publications of JSON, and what they are when they reach a session. The publisher sends the data alone; every session is
 * sent the same bytes, which are known as soon as it is published.
 */
export class SessionConversation implements FanOutTalk {
  readonly target: string
  /** What one write carries at most. */
  readonly most: number = PERIOD
  readonly conversation: Conversation
  readonly publisher: Conversation
  readonly #dialect: SessionDialect
  readonly #data: readonly string[]
  /** Masked frames of all data, once and then again for as many as may leave together. */
  readonly #requests: Buffer
  readonly #requestBytes: number
  readonly #expected = new ExpectedStream()

  constructor(cell: MessageCell, protocol: SessionProtocol) {
    this.#dialect = SESSION_DIALECTS[protocol]
    this.target = this.#dialect.target
    this.#data = Array.from({ length: PERIOD }, (_, n) => buildData(n, cell.payloadBytes))
    const frames = this.#data.map((data, n) => maskedFrame(OPCODE_TEXT, Buffer.from(data), n))
    this.#requests = Buffer.concat([...frames, ...frames])
    this.#requestBytes = frames[0]?.length ?? 0
    this.conversation = this.#createConversation(this.#dialect)
    this.publisher = this.#createConversation(SILENT)
  }

  /** Publications `from` to `from + count` leave: from now on they are expected. */
  published(from: number, count: number): void {
    for (let n = from; n < from + count; n++) {
      this.#expected.append(this.#dialect.encode(n, this.#data[n % PERIOD] as string))
    }
  }

  #createConversation(spoken: SessionDialect): Conversation {
    const dialect: Dialect = {
      prelude: () => undefined,
      requests: (from, count) => this.#cut(from, count),
      createReader: (_first, faults) => new SessionReader(spoken, this.#expected, faults),
    }
    const fault = 'the upgrade was answered with an extension that was not offered'
    return { period: PERIOD, offer: undefined, agree: (answer) => (answer === undefined ? dialect : { fault }) }
  }

  #cut(from: number, count: number): Buffer {
    const start = (from % PERIOD) * this.#requestBytes
    return this.#requests.subarray(start, start + count * this.#requestBytes)
  }
}

/** An object whose JSON has so many bytes, all of them ASCII. */
function buildData(n: number, bytes: number): string {
  const encode = (text: string): string => JSON.stringify({ order: 1000 + n, status: 'shipped', price: 12.5 + n, text })
  const room = bytes - encode('').length
  return encode('abcdefghijklmnopqrstuvwxyz 0123456789'.repeat(1 + Math.ceil(room / 37)).slice(n % 7, (n % 7) + room))
}
