import { connectTcp } from './connect-tcp.ts'
import type { Conversation, ConversationReader, Dialect } from './conversation.ts'
import type { Protocol } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { createHandshakeKey, encodeUpgradeRequest, type HandshakeKey, readUpgradeAnswer } from './opening-handshake.ts'
import { CHUNK, type TcpConnection, type TcpOwner } from './tcp-connection.ts'

const MAX_HEAD_BYTES = 8192
const OPENING_TIMEOUT_MS = 10_000

/** How one connection of a load is opened, and where its replies go. */
export interface LoadConnectionOptions {
  readonly port: number
  readonly protocol: Protocol
  /** Request target of the upgrade. */
  readonly target: string
  readonly conversation: Conversation
  /** Number of the first message expected from the server. */
  readonly first: number
  readonly meter: Meter
  /** `count` more messages have come. */
  readonly received: (count: number, nowMs: number) => void
}

/** A WebSocket connection on a bare TCP connection, with as little as possible between the bytes and the counters. */
export class LoadConnection implements TcpOwner {
  readonly #options: LoadConnectionOptions
  readonly #key: HandshakeKey = createHandshakeKey()
  readonly #tcp: TcpConnection
  readonly #openingTimer: NodeJS.Timeout
  #talk: { readonly dialect: Dialect; readonly reader: ConversationReader } | undefined
  #begun = false
  #state: 'opening' | 'open' | 'ended' = 'opening'
  #head = ''
  #settle: (() => void) | undefined

  private constructor(options: LoadConnectionOptions, settle: () => void) {
    this.#options = options
    this.#settle = settle
    this.#openingTimer = setTimeout(() => this.#lose('no answer to the upgrade'), OPENING_TIMEOUT_MS)
    this.#tcp = connectTcp(options.port, this)
  }

  /** Resolves when the upgrade is done or has failed; the meter knows which. */
  static open(options: LoadConnectionOptions): Promise<LoadConnection> {
    return new Promise((resolve) => {
      const connection = new LoadConnection(options, () => resolve(connection))
    })
  }

  /** Sends messages `from` to `from + count` of the conversation. */
  send(from: number, count: number): void {
    if (this.#state !== 'open' || this.#talk === undefined) return
    const { dialect } = this.#talk
    const prelude = this.#begun ? undefined : dialect.prelude(from)
    this.#begun = true
    if (prelude !== undefined) this.#tcp.write(prelude)
    this.#tcp.write(dialect.requests(from, count))
  }

  end(): void {
    this.#state = 'ended'
    this.#tcp.destroy()
  }

  // What the TCP connection tells.

  connected(): void {
    const { port, protocol, target, conversation } = this.#options
    if (protocol === 'bytes') this.#open(undefined)
    else this.#tcp.write(Buffer.from(encodeUpgradeRequest(port, target, this.#key.key, conversation.offer)))
  }

  received(length: number): void {
    if (this.#state === 'opening') length = this.#receiveHead(length)
    if (this.#state !== 'open' || length === 0) return
    const count = this.#talk?.reader.read(CHUNK, length) ?? 0
    if (count > 0) this.#options.received(count, performance.now())
  }

  ended(): void {
    this.#lose('the server closed the connection')
  }

  failed(what: string): void {
    this.#lose(what)
  }

  /** Returns how many bytes came after the head; they are then at the start of the chunk. */
  #receiveHead(length: number): number {
    const before = this.#head.length
    this.#head += CHUNK.toString('latin1', 0, length)
    const end = this.#head.indexOf('\r\n\r\n') + 4
    if (end < 4) {
      if (this.#head.length > MAX_HEAD_BYTES) this.#lose('an answer to the upgrade without end')
      return 0
    }
    const answer = readUpgradeAnswer(this.#head.slice(0, end), this.#key.accept)
    this.#head = ''
    if ('fault' in answer) {
      this.#lose(answer.fault)
      return 0
    }
    this.#open(answer.extensions)
    return CHUNK.copy(CHUNK, 0, end - before, length)
  }

  #open(extensions: string | undefined): void {
    const { conversation, first, meter } = this.#options
    const dialect = conversation.agree(extensions)
    if ('fault' in dialect) {
      this.#lose(dialect.fault)
      return
    }
    const faults = { wrong: (what: string) => meter.countWrong(what), lost: (what: string) => this.#lose(what) }
    const reader = dialect.createReader(first, faults)
    this.#talk = { dialect, reader }
    this.#state = 'open'
    if (reader.open === undefined) this.#settled()
    else
      reader.open(
        (bytes) => this.#tcp.write(bytes),
        () => this.#settled(),
      )
  }

  #lose(what: string): void {
    if (this.#state !== 'ended') this.#options.meter.countLost(what)
    this.end()
    this.#settled()
  }

  #settled(): void {
    clearTimeout(this.#openingTimer)
    this.#settle?.()
    this.#settle = undefined
  }
}
