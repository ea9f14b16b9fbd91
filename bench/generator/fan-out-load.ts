import type { MessageCell } from '../cell.ts'
import type { Conversation } from './conversation.ts'
import type { Load } from './load.ts'
import type { LoadConnection } from './load-connection.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { openConnections } from './open-connections.ts'

// Publications between the quickest and the slowest subscriber; far more than a server can be asked to hold.
const TIMES = 65_536

/**
 * Subscribers on /sub and one publisher on /pub. `depth` publications are in flight: another goes out for every
 * `subscribers` messages that came in. Latency is from publishing to each arrival.
 */
export class FanOutLoad implements Load {
  readonly #spec: LoadSpec
  readonly #cell: MessageCell
  readonly #conversation: Conversation
  readonly #meter: Meter
  readonly #publishedAtMs: Float64Array = new Float64Array(TIMES)
  readonly #receivedBy: Float64Array
  #connections: readonly LoadConnection[] = []
  #publisher: LoadConnection | undefined
  #published = 0
  #received = 0
  #stopped = false
  #scheduled = false

  constructor(spec: LoadSpec, cell: MessageCell, conversation: Conversation, meter: Meter) {
    this.#spec = spec
    this.#cell = cell
    this.#conversation = conversation
    this.#meter = meter
    this.#receivedBy = new Float64Array(cell.connections)
  }

  async open(): Promise<void> {
    const { connectPort, publishPort, protocol } = this.#spec
    const common = { protocol, conversation: this.#conversation, first: 0, meter: this.#meter }
    const subscribers = Array.from({ length: this.#cell.connections }, (_, subscriber) => ({
      ...common,
      port: connectPort,
      target: '/sub',
      received: (count: number, nowMs: number) => this.#receive(subscriber, count, nowMs),
    }))
    const received = () => this.#meter.countWrong('a message to the publisher')
    this.#connections = await openConnections([
      ...subscribers,
      { ...common, port: publishPort, target: '/pub', received },
    ])
    this.#publisher = this.#connections.at(-1)
  }

  start(): void {
    this.#publish()
  }

  stop(): void {
    this.#stopped = true
  }

  inFlight(): number {
    return this.#published * this.#cell.connections - this.#received
  }

  end(): void {
    for (const connection of this.#connections) connection.end()
  }

  #receive(subscriber: number, count: number, nowMs: number): void {
    let number = this.#receivedBy[subscriber] as number
    if (number + count > this.#published) {
      this.#meter.countWrong('more messages than were published')
      return
    }
    this.#receivedBy[subscriber] = number + count
    this.#received += count
    for (let i = 0; i < count; i++) {
      this.#meter.countMessage(nowMs - (this.#publishedAtMs[number++ % TIMES] as number))
    }
    if (this.#scheduled || this.#stopped || this.#due() <= 0) return
    // After all that is readable now, so that publications which are due together leave together.
    this.#scheduled = true
    setImmediate(this.#publish)
  }

  readonly #publish = (): void => {
    this.#scheduled = false
    if (this.#stopped) return
    const count = this.#due()
    if (count <= 0) return
    const from = this.#published
    const nowMs = performance.now()
    for (let i = 0; i < count; i++) this.#publishedAtMs[this.#published++ % TIMES] = nowMs
    this.#publisher?.send(from, count)
  }

  /** Publications that are missing from those that should be in flight. */
  #due(): number {
    const { connections, depth } = this.#cell
    return depth - Math.ceil(this.inFlight() / connections)
  }
}
