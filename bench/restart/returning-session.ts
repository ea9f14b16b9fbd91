import { connectTcp } from '../generator/connect-tcp.ts'
import {
  createHandshakeKey,
  encodeUpgradeRequest,
  type HandshakeKey,
  readUpgradeAnswer,
} from '../generator/opening-handshake.ts'
import { CHUNK, type TcpConnection, type TcpOwner } from '../generator/tcp-connection.ts'
import { readFrame } from '../generator/text-frames.ts'
import { maskedFrame } from '../generator/traffic.ts'

const OPCODE_TEXT = 1
const CONNECT = encode('{"id":1,"connect":{}}')
const PONG = encode('{}')
const TARGET = '/connection/websocket'
const NONE: Buffer = Buffer.alloc(0)
/** How soon one comes back whom nobody told when, after a connection that never came about. */
const RETRY_MS = 100

/** What sessions have in common. */
export interface Fleet {
  /** Where to connect. */
  port(): number
  /** A session is subscribed: for the first time, or `outageMs` after its connection had ended. */
  subscribed(outageMs: number | undefined): void
  /** It was not let in. */
  refused(): void
  fault(what: string): void
}

interface Publication {
  readonly offset: number
  readonly data: { readonly n: number }
}

/** What of a hub's packets is looked at. */
interface Packet {
  readonly error?: unknown
  readonly connect?: object
  readonly subscribe?: {
    readonly epoch: string
    readonly offset: number
    readonly recovered?: boolean
    readonly publications?: readonly Publication[]
  }
  readonly push?: { readonly pub?: Publication }
}

/** A session on raw bytes that comes back whenever its connection ends, and recovers: publications must come once and in order. */
export class ReturningSession implements TcpOwner {
  readonly #fleet: Fleet
  #tcp: TcpConnection | undefined
  #key: HandshakeKey = createHandshakeKey()
  #phase: 'head' | 'packets' | 'away' = 'away'
  #rest: Buffer = NONE
  #position: { readonly epoch: string; offset: number } | undefined
  #endedAtMs: number | undefined
  #isOver = false

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    this.#connect()
  }

  /** The last publication that it has. */
  get offset(): number {
    return this.#position?.offset ?? 0
  }

  /** It does not come back. */
  end(): void {
    this.#isOver = true
    this.#tcp?.destroy()
  }

  connected(): void {
    this.#tcp?.write(Buffer.from(encodeUpgradeRequest(this.#fleet.port(), TARGET, this.#key.key)))
  }

  received(length: number): void {
    this.#rest = Buffer.concat([this.#rest, CHUNK.subarray(0, length)])
    if (this.#phase === 'head') this.#readHead()
    if (this.#phase === 'packets') this.#readFrames()
  }

  ended(): void {
    this.#away(0)
  }

  failed(): void {
    this.#away(RETRY_MS)
  }

  readonly #connect = (): void => {
    if (this.#isOver) return
    this.#phase = 'head'
    this.#rest = NONE
    this.#key = createHandshakeKey()
    this.#tcp = connectTcp(this.#fleet.port(), this)
  }

  #away(returnMs: number): void {
    if (this.#phase === 'away' || this.#isOver) return
    if (this.#position !== undefined) this.#endedAtMs ??= performance.now()
    this.#phase = 'away'
    this.#tcp?.destroy()
    // Whoever is told nothing comes back at once, but not within what has called this.
    setTimeout(this.#connect, returnMs)
  }

  #readHead(): void {
    const end = this.#rest.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    const head = this.#rest.toString('latin1', 0, end)
    if (head.startsWith('HTTP/1.1 503 ')) {
      this.#fleet.refused()
      this.#away(Number(/^retry-after: (\d+)/im.exec(head)?.[1] ?? Number.NaN) * 1000)
      return
    }
    const answer = readUpgradeAnswer(head, this.#key.accept)
    if ('fault' in answer) {
      this.#fleet.fault(answer.fault)
      this.end()
      return
    }
    this.#rest = this.#rest.subarray(end)
    this.#phase = 'packets'
    this.#tcp?.write(CONNECT)
  }

  #readFrames(): void {
    let at = 0
    for (let frame = readFrame(this.#rest, at); frame !== undefined; frame = readFrame(this.#rest, at)) {
      if (frame.kind === 'fault') {
        this.#fleet.fault(frame.what)
        this.end()
        return
      }
      at = frame.end
      if (frame.kind === 'text') for (const line of frame.text.split('\n')) this.#take(line)
      else if (frame.kind === 'close') this.#away(adviceIn(frame.reason))
      if (this.#phase !== 'packets') return
    }
    this.#rest = this.#rest.subarray(at)
  }

  #take(line: string): void {
    if (line === '{}') {
      this.#tcp?.write(PONG)
      return
    }
    const { error, connect, subscribe, push } = JSON.parse(line) as Packet
    if (error !== undefined) this.#fleet.fault(`refused: ${line}`)
    else if (connect !== undefined) this.#tcp?.write(encode(this.#subscribe()))
    else if (subscribe !== undefined) this.#subscribed(subscribe)
    else if (push?.pub !== undefined) this.#deliver(push.pub)
  }

  #subscribe(): string {
    const position = this.#position && { recover: true, ...this.#position }
    return JSON.stringify({ id: 2, subscribe: { channel: 'bench', ...position } })
  }

  #subscribed({ epoch, offset, recovered, publications = [] }: NonNullable<Packet['subscribe']>): void {
    if (this.#position === undefined) {
      this.#position = { epoch, offset }
      this.#fleet.subscribed(undefined)
      return
    }
    if (recovered !== true || epoch !== this.#position.epoch) this.#fleet.fault('not recovered')
    for (const publication of publications) this.#deliver(publication)
    const outageMs = performance.now() - (this.#endedAtMs ?? Number.NaN)
    this.#endedAtMs = undefined
    this.#fleet.subscribed(outageMs)
  }

  #deliver({ offset, data }: Publication): void {
    const position = this.#position
    if (position === undefined) return
    if (offset !== position.offset + 1 || data.n !== offset) {
      this.#fleet.fault(`publication ${offset} (${data.n}) behind ${position.offset}`)
    }
    position.offset = offset
  }
}

/** When to come back, in milliseconds, as a close reason advises. */
function adviceIn(reason: string): number {
  return Number(/"delay_ms":(\d+)/.exec(reason)?.[1] ?? 0)
}

function encode(text: string): Buffer {
  return maskedFrame(OPCODE_TEXT, Buffer.from(text), text.length)
}
