import type { MessageCell } from '../cell.ts'
import type { Conversation } from './conversation.ts'
import type { Load } from './load.ts'
import type { LoadConnection } from './load-connection.ts'
import type { LoadSpec } from './load-spec.ts'
import type { Meter } from './meter.ts'
import { openConnections } from './open-connections.ts'

// Publications between the quickest and the slowest subscriber; far more than a server can be asked to hold.
const TIMES = 65_536

/** How often it is looked what is due, where publications have a pace. */
const PACE_TICK_MS = 1

/** What is said in a fan-out. */
export interface FanOutTalk {
  /** What subscribers speak, and the publisher unless it has words of its own. */
  readonly conversation: Conversation
  readonly publisher?: Conversation
  /** Request target of subscribers. */
  readonly target: string
  /** Most publications that leave in one write. */
  readonly most: number
  /** Told before publications `from` to `from + count` leave. */
  published?(from: number, count: number): void
}

/**
 * Subscribers and one publisher on /pub. `depth` publications are in flight: another goes out for every
 * `subscribers` messages that came in; or they have a pace. Latency is from publishing to each arrival.
 */
export class FanOutLoad implements Load {
  readonly #spec: LoadSpec
  readonly #cell: MessageCell
  readonly #talk: FanOutTalk
  readonly #meter: Meter
  readonly #publishedAtMs: Float64Array = new Float64Array(TIMES)
  readonly #receivedBy: Float64Array
  #connections: readonly LoadConnection[] = []
  #publisher: LoadConnection | undefined
  #published = 0
  #received = 0
  #stopped = false
  #scheduled = false
  #pace: { readonly perMs: number; readonly startMs: number; readonly from: number } | undefined
  #pacing: NodeJS.Timeout | undefined

  constructor(spec: LoadSpec, cell: MessageCell, talk: FanOutTalk, meter: Meter) {
    this.#spec = spec
    this.#cell = cell
    this.#talk = talk
    this.#meter = meter
    this.#receivedBy = new Float64Array(cell.connections)
  }

  async open(): Promise<void> {
    const { connectPort, publishPort, protocol } = this.#spec
    const { conversation, publisher = conversation, target } = this.#talk
    const common = { protocol, first: 0, meter: this.#meter }
    const subscribers = Array.from({ length: this.#cell.connections }, (_, subscriber) => ({
      ...common,
      conversation,
      port: connectPort,
      target,
      received: (count: number, nowMs: number) => this.#receive(subscriber, count, nowMs),
    }))
    const received = () => this.#meter.countWrong('a message to the publisher')
    this.#connections = await openConnections([
      ...subscribers,
      { ...common, conversation: publisher, port: publishPort, target: '/pub', received },
    ])
    this.#publisher = this.#connections.at(-1)
  }

  start(): void {
    this.#publish()
  }

  pace(publicationsPerSec: number): void {
    this.#pace = { perMs: publicationsPerSec / 1000, startMs: performance.now(), from: this.#published }
    this.#stopped = false
    this.#pacing = setInterval(this.#publish, PACE_TICK_MS)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#pacing)
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
    if (this.#scheduled || this.#stopped || this.#pace !== undefined || this.#due() <= 0) return
    // After all that is readable now, so that publications which are due together leave together.
    this.#scheduled = true
    setImmediate(this.#publish)
  }

  readonly #publish = (): void => {
    this.#scheduled = false
    if (this.#stopped) return
    for (let left = this.#due(); left > 0; left -= this.#talk.most) this.#send(Math.min(left, this.#talk.most))
  }

  #send(count: number): void {
    const from = this.#published
    const nowMs = performance.now()
    this.#talk.published?.(from, count)
    for (let i = 0; i < count; i++) this.#publishedAtMs[this.#published++ % TIMES] = nowMs
    this.#publisher?.send(from, count)
  }

  /** Publications that are missing from those that should be in flight, or behind their pace. */
  #due(): number {
    if (this.#pace !== undefined) {
      const { perMs, startMs, from } = this.#pace
      return Math.floor((performance.now() - startMs) * perMs) - (this.#published - from)
    }
    const { connections, depth } = this.#cell
    return depth - Math.ceil(this.inFlight() / connections)
  }
}
