import { connect, type Socket } from 'node:net'
import type { HandshakeCell } from '../cell.ts'
import type { Load } from './load.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { createHandshakeKey, encodeUpgradeRequest, type HandshakeKey, readUpgradeAnswer } from './opening-handshake.ts'

const KEYS = 64
const MAX_CHUNK_BYTES = 4096
// Close frames with code 1000: ours masked with zeros, which is a masking-key like any other, and the server's (§5.5.1).
const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
const CLOSE_REPLY = '\x88\x02\x03\xe8'

// One space for the reads of all connections: a chunk is done with before the next read.
const CHUNK = Buffer.allocUnsafe(MAX_CHUNK_BYTES)

/**
 * Slots that connect, upgrade, send a Close frame, wait for the server's and for the end of the connection, which the
 * server has to bring about (RFC 6455 §7.1.1), and begin again. Latency is that of all of it.
 */
export class HandshakeLoad implements Load {
  readonly #slots: readonly HandshakeSlot[]

  constructor(spec: LoadSpec, cell: HandshakeCell, meter: Meter) {
    const keys = Array.from({ length: KEYS }, createHandshakeKey)
    this.#slots = Array.from({ length: cell.slots }, () => new HandshakeSlot(spec.connectPort, keys, meter))
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

/** What a slot waits for on its current connection. */
type SlotState =
  | { readonly phase: 'free' }
  | {
      readonly phase: 'opening' | 'closing'
      readonly socket: Socket
      readonly startMs: number
      readonly accept: string
    }

class HandshakeSlot {
  readonly #port: number
  readonly #keys: readonly HandshakeKey[]
  readonly #meter: Meter
  #state: SlotState = { phase: 'free' }
  #received = ''
  #next = 0
  #stopped = false

  constructor(port: number, keys: readonly HandshakeKey[], meter: Meter) {
    this.#port = port
    this.#keys = keys
    this.#meter = meter
  }

  start(): void {
    const { key, accept } = this.#keys[this.#next++ % this.#keys.length] as HandshakeKey
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: CHUNK, callback: (length) => this.#receive(length) },
    })
    this.#received = ''
    this.#state = { phase: 'opening', socket, startMs: performance.now(), accept }
    socket.on('connect', () => socket.write(encodeUpgradeRequest(this.#port, '/echo', key)))
    socket.on('end', () => this.#finish(socket))
    socket.on('error', (error) => this.#lose(socket, error.message))
  }

  stop(): void {
    this.#stopped = true
  }

  isBusy(): boolean {
    return this.#state.phase !== 'free'
  }

  end(): void {
    if (this.#state.phase === 'free') return
    this.#state.socket.destroy()
    this.#state = { phase: 'free' }
  }

  #receive(length: number): boolean {
    this.#received += CHUNK.toString('latin1', 0, length)
    if (this.#state.phase !== 'opening') return true
    const headEnd = this.#received.indexOf('\r\n\r\n') + 4
    if (headEnd < 4) return true
    const { socket, accept } = this.#state
    const answer = readUpgradeAnswer(this.#received.slice(0, headEnd), accept)
    const unasked = { fault: 'the upgrade was answered with an extension that was not offered' }
    const result = 'fault' in answer || answer.extensions === undefined ? answer : unasked
    if ('fault' in result) {
      this.#lose(socket, result.fault)
      return true
    }
    this.#received = this.#received.slice(headEnd)
    this.#state = { ...this.#state, phase: 'closing' }
    socket.write(CLOSE)
    return true
  }

  /** The server has ended the connection. */
  #finish(socket: Socket): void {
    const state = this.#state
    if (state.phase === 'free' || state.socket !== socket) return
    if (state.phase === 'opening') {
      this.#lose(socket, 'the connection ended before the upgrade was answered')
      return
    }
    socket.destroy()
    this.#state = { phase: 'free' }
    if (this.#received !== CLOSE_REPLY) {
      this.#meter.countWrong(
        `the Close frame was answered with ${Buffer.from(this.#received, 'latin1').toString('hex')}`,
      )
    }
    this.#meter.countMessage(performance.now() - state.startMs)
    if (!this.#stopped) this.start()
  }

  /** Gives the slot up: what fails once fails thousands of times a second. */
  #lose(socket: Socket, what: string): void {
    if (this.#state.phase === 'free' || this.#state.socket !== socket) return
    socket.destroy()
    this.#state = { phase: 'free' }
    this.#meter.countLost(what)
  }
}
