import type { MessageCell } from '../cell.ts'
import type { Conversation } from './conversation.ts'
import type { Load } from './load.ts'
import type { LoadConnection, LoadConnectionOptions } from './load-connection.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { openConnections } from './open-connections.ts'

/** Connections to /echo that keep `depth` messages in flight each. Latency is that of the round trip. */
export class EchoLoad implements Load {
  readonly #lanes: readonly EchoLane[]
  readonly #depth: number

  constructor(spec: LoadSpec, cell: MessageCell, conversation: Conversation, meter: Meter) {
    this.#depth = cell.depth
    this.#lanes = Array.from(
      { length: cell.connections },
      (_, n) => new EchoLane(spec, cell.depth, conversation, meter, n),
    )
  }

  async open(): Promise<void> {
    const connections = await openConnections(this.#lanes.map((lane) => lane.connectionOptions()))
    for (const [n, connection] of connections.entries()) this.#lanes[n]?.use(connection)
  }

  start(): void {
    for (const lane of this.#lanes) lane.start(this.#depth)
  }

  stop(): void {
    for (const lane of this.#lanes) lane.stop()
  }

  inFlight(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.inFlight(), 0)
  }

  end(): void {
    for (const lane of this.#lanes) lane.end()
  }
}

class EchoLane {
  readonly #spec: LoadSpec
  readonly #conversation: Conversation
  readonly #meter: Meter
  readonly #first: number
  readonly #sentAtMs: Float64Array
  #connection: LoadConnection | undefined
  #sent = 0
  #received = 0
  #stopped = false

  constructor(spec: LoadSpec, depth: number, conversation: Conversation, meter: Meter, lane: number) {
    this.#spec = spec
    this.#conversation = conversation
    this.#meter = meter
    this.#first = lane % conversation.period
    this.#sentAtMs = new Float64Array(depth)
  }

  connectionOptions(): LoadConnectionOptions {
    return {
      port: this.#spec.connectPort,
      protocol: this.#spec.protocol,
      target: '/echo',
      conversation: this.#conversation,
      first: this.#first,
      meter: this.#meter,
      received: (count, nowMs) => this.#receive(count, nowMs),
    }
  }

  use(connection: LoadConnection): void {
    this.#connection = connection
  }

  start(depth: number): void {
    this.#send(depth, performance.now())
  }

  stop(): void {
    this.#stopped = true
  }

  inFlight(): number {
    return this.#sent - this.#received
  }

  end(): void {
    this.#connection?.end()
  }

  #receive(count: number, nowMs: number): void {
    if (count > this.inFlight()) {
      this.#meter.countWrong('more messages than were sent')
      return
    }
    for (let i = 0; i < count; i++) {
      this.#meter.countMessage(nowMs - (this.#sentAtMs[this.#received++ % this.#sentAtMs.length] as number))
    }
    if (!this.#stopped) this.#send(count, nowMs)
  }

  #send(count: number, nowMs: number): void {
    const from = this.#first + this.#sent
    for (let i = 0; i < count; i++) this.#sentAtMs[this.#sent++ % this.#sentAtMs.length] = nowMs
    this.#connection?.send(from, count)
  }
}
