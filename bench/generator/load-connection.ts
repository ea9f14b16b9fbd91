import { connect, type Socket } from 'node:net'
import type { Conversation, ConversationReader, Dialect } from './conversation.ts'
import type { Protocol } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { createHandshakeKey, encodeUpgradeRequest, readUpgradeAnswer } from './opening-handshake.ts'
import { MAX_CHUNK_BYTES } from './traffic.ts'

const MAX_HEAD_BYTES = 8192
const OPENING_TIMEOUT_MS = 10_000

// One space for the reads of all connections: a chunk is done with before the next read.
const CHUNK = Buffer.allocUnsafe(MAX_CHUNK_BYTES)

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

/** A WebSocket connection on a bare TCP socket, with as little as possible between the bytes and the counters. */
export class LoadConnection {
  readonly #options: LoadConnectionOptions
  #talk: { readonly dialect: Dialect; readonly reader: ConversationReader } | undefined
  #begun = false
  readonly #socket: Socket
  readonly #accept: string
  #state: 'opening' | 'open' | 'ended' = 'opening'
  #head = ''
  #settle: (() => void) | undefined

  private constructor(options: LoadConnectionOptions, settle: () => void) {
    this.#options = options
    this.#settle = settle
    const { key, accept } = createHandshakeKey()
    this.#accept = accept
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: CHUNK, callback: (length) => this.#receive(length) },
    })
    this.#socket.setTimeout(OPENING_TIMEOUT_MS, () => this.#lose('no answer to the upgrade'))
    this.#socket.on('connect', () => {
      if (options.protocol === 'bytes') this.#open(undefined)
      else this.#socket.write(encodeUpgradeRequest(options.port, options.target, key, options.conversation.offer))
    })
    this.#socket.on('error', (error) => this.#lose(error.message))
    this.#socket.on('close', () => this.#lose('the server closed the connection'))
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
    if (prelude !== undefined) this.#socket.write(prelude)
    this.#socket.write(dialect.requests(from, count))
  }

  end(): void {
    this.#state = 'ended'
    this.#socket.destroy()
  }

  #receive(length: number): boolean {
    if (this.#state === 'opening') length = this.#receiveHead(length)
    if (this.#state !== 'open' || length === 0) return true
    const count = this.#talk?.reader.read(CHUNK, length) ?? 0
    if (count > 0) this.#options.received(count, performance.now())
    return true
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
    const answer = readUpgradeAnswer(this.#head.slice(0, end), this.#accept)
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
    this.#talk = { dialect, reader: dialect.createReader(first, faults) }
    this.#state = 'open'
    this.#socket.setTimeout(0)
    this.#settled()
  }

  #lose(what: string): void {
    if (this.#state !== 'ended') this.#options.meter.countLost(what)
    this.end()
    this.#settled()
  }

  #settled(): void {
    this.#settle?.()
    this.#settle = undefined
  }
}
