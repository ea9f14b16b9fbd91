import type { HandshakeCell } from '../cell.ts'
import { connectTcp } from './connect-tcp.ts'
import type { Load } from './load.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { createHandshakeKey, encodeUpgradeRequest, readUpgradeAnswer } from './opening-handshake.ts'
import { CHUNK, type TcpConnection, type TcpOwner } from './tcp-connection.ts'

const KEYS = 64
// Close frames with code 1000: ours masked with zeros, which is a masking-key like any other, and the server's (§5.5.1).
const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
const CLOSE_REPLY = '\x88\x02\x03\xe8'

/** An opening handshake, made beforehand; slots take them in turn. */
interface Opening {
  readonly request: Buffer
  readonly accept: string
  /** The answer that was read and found right; the same bytes are right again. */
  answer: Buffer | undefined
}

/**
 * Slots that connect, upgrade, send a Close frame, wait for the server's and for the end of the connection, which the
 * server has to bring about (RFC 6455 §7.1.1), and begin again. Latency is that of all of it.
 */
export class HandshakeLoad implements Load {
  readonly #slots: readonly HandshakeSlot[]

  constructor(spec: LoadSpec, cell: HandshakeCell, meter: Meter) {
    const openings = Array.from({ length: KEYS }, () => createOpening(spec.connectPort))
    this.#slots = Array.from({ length: cell.slots }, () => new HandshakeSlot(spec.connectPort, openings, meter))
  }

  async open(): Promise<void> {}

  start(): void {
    for (const slot of this.#slots) slot.start()
  }

  stop(): void {
    for (const slot of this.#slots) slot.stop()
  }

  inFlight(): number {
    return this.#slots.filter((slot) => slot.isBusy()).length
  }

  end(): void {
    for (const slot of this.#slots) slot.end()
  }
}

function createOpening(port: number): Opening {
  const { key, accept } = createHandshakeKey()
  return { request: Buffer.from(encodeUpgradeRequest(port, '/echo', key)), accept, answer: undefined }
}

/** What a slot waits for on its current connection. */
type SlotState =
  | { readonly phase: 'free' }
  | {
      phase: 'opening' | 'closing'
      readonly tcp: TcpConnection
      readonly startMs: number
      readonly opening: Opening
    }

const FREE: SlotState = { phase: 'free' }

class HandshakeSlot implements TcpOwner {
  readonly #port: number
  readonly #openings: readonly Opening[]
  readonly #meter: Meter
  #state: SlotState = FREE
  #received = ''
  #next = 0
  #stopped = false

  constructor(port: number, openings: readonly Opening[], meter: Meter) {
    this.#port = port
    this.#openings = openings
    this.#meter = meter
  }

  start(): void {
    const opening = this.#openings[this.#next++ % this.#openings.length] as Opening
    this.#received = ''
    const startMs = performance.now()
    this.#state = { phase: 'opening', tcp: connectTcp(this.#port, this), startMs, opening }
  }

  stop(): void {
    this.#stopped = true
  }

  isBusy(): boolean {
    return this.#state.phase !== 'free'
  }

  end(): void {
    if (this.#state.phase !== 'free') this.#state.tcp.destroy()
    this.#state = FREE
  }

  // What the TCP connection tells.

  connected(): void {
    if (this.#state.phase === 'opening') this.#state.tcp.write(this.#state.opening.request)
  }

  received(length: number): void {
    const state = this.#state
    if (state.phase !== 'opening') {
      this.#received += CHUNK.toString('latin1', 0, length)
      return
    }
    const { answer } = state.opening
    const known =
      this.#received === '' && length === answer?.length && CHUNK.compare(answer, 0, length, 0, length) === 0
    if (!known && !this.#readAnswer(length, state.opening)) return
    state.phase = 'closing'
    state.tcp.write(CLOSE)
  }

  /** The server has ended the connection. */
  ended(): void {
    const state = this.#state
    if (state.phase === 'free') return
    if (state.phase === 'opening') {
      this.failed('the connection ended before the upgrade was answered')
      return
    }
    this.end()
    if (this.#received !== CLOSE_REPLY) {
      this.#meter.countWrong(
        `the Close frame was answered with ${Buffer.from(this.#received, 'latin1').toString('hex')}`,
      )
    }
    this.#meter.countMessage(performance.now() - state.startMs)
    if (!this.#stopped) this.start()
  }

  /** Gives the slot up: what fails once fails thousands of times a second. */
  failed(what: string): void {
    if (this.#state.phase === 'free') return
    this.end()
    this.#meter.countLost(what)
  }

  /** Whether the whole head has come, and is right. */
  #readAnswer(length: number, opening: Opening): boolean {
    this.#received += CHUNK.toString('latin1', 0, length)
    const headEnd = this.#received.indexOf('\r\n\r\n') + 4
    if (headEnd < 4) return false
    const head = this.#received.slice(0, headEnd)
    const answer = readUpgradeAnswer(head, opening.accept)
    const unasked = { fault: 'the upgrade was answered with an extension that was not offered' }
    const result = 'fault' in answer || answer.extensions === undefined ? answer : unasked
    if ('fault' in result) {
      this.failed(result.fault)
      return false
    }
    this.#received = this.#received.slice(headEnd)
    opening.answer = Buffer.from(head, 'latin1')
    return true
  }
}
