import { pageMemory } from '../environment/page-memory.ts'
import type { CloseReason, CloseReasonName } from '../reason/close-reason.ts'
import type { Transport, TransportChoice, TransportChoiceHost, TransportMemory } from '../transport/transport.ts'
import { probeTransport } from './transport-probe.ts'

/** No connection came to be: after one of these it may be the network that lets none through. */
const BLOCKED: ReadonlySet<CloseReasonName> = new Set([
  'unreachable',
  'forbidden',
  'notFound',
  'webSocketBlocked',
  'connectTimeout',
  'lost',
  'sendFailed',
])
/** A connection that was there, and deaf or dumb. */
const DEAF: ReadonlySet<CloseReasonName> = new Set(['noPing', 'replyTimeout', 'sendFailed'])
/** One that went deaf within so many milliseconds was so from the beginning. */
const DEAF_MS = 60_000
/** Attempts that may fail where one has worked before (count): servers start anew more often than networks change. */
const PATIENCE = 3
/** Longest wait before better ones are tried, in milliseconds. */
const MAX_MOVE_UP_DELAY_MS = 3_600_000
/** A connection of the best one that lasted so many milliseconds was good. */
const GOOD_MS = 600_000
/** For how long one that is known to work waits for a moment in which nothing is lost, in looks, and milliseconds between them. */
const LOOKS = 30
const LOOK_MS = 1000
/** What worked is not remembered for longer, in milliseconds. */
export const MAX_MEMORY_AGE_MS = 86_400_000

/** Under what it is kept which transport to a hub worked. */
export function memoryKeyOf(url: URL): string {
  return `wigwag-transport ${url.host}${url.pathname}`
}

/** Several transports, the best first: down when one does not work, and up again later. */
export function fallback(transports: readonly Transport[], host: TransportChoiceHost): TransportChoice {
  return new Fallback(transports, host)
}

class Fallback implements TransportChoice {
  readonly #transports: readonly Transport[]
  readonly #host: TransportChoiceHost
  readonly #memory: TransportMemory | undefined
  readonly #key: string
  readonly #worked = new Set<Transport>()
  #index: number
  /** Attempts over the present one that failed in a row (count). */
  #failures = 0
  /** How often better ones were tried (count). */
  #ascents = 0
  #connectedAtMs: number | undefined
  #stop = (): void => {}

  constructor(transports: readonly Transport[], host: TransportChoiceHost) {
    this.#transports = transports
    this.#host = host
    this.#memory = host.memory ?? pageMemory()
    this.#key = memoryKeyOf(host.url)
    const known = this.#memory?.recall(this.#key, MAX_MEMORY_AGE_MS)
    this.#index = Math.max(
      0,
      transports.findIndex(({ name }) => name === known),
    )
  }

  get present(): Transport {
    return this.#transports[this.#index] as Transport
  }

  connected(): void {
    this.#connectedAtMs = this.#host.nowMs()
    this.#failures = 0
    this.#worked.add(this.present)
    this.#memory?.remember(this.#key, this.#index === 0 ? undefined : this.present.name)
    if (this.#index > 0) this.#rest()
  }

  ended({ name, code = 0 }: CloseReason): void {
    this.#stop()
    const lastedMs = this.#connectedAtMs === undefined ? undefined : this.#host.nowMs() - this.#connectedAtMs
    this.#connectedAtMs = undefined
    if (lastedMs === undefined) {
      // A hub that says why it ends a connection was reached.
      if (BLOCKED.has(name) && code < 3000 && ++this.#failures >= (this.#worked.has(this.present) ? PATIENCE : 1))
        this.#descend()
    } else if (lastedMs < DEAF_MS && DEAF.has(name)) this.#descend()
    else if (lastedMs >= GOOD_MS && this.#index === 0) this.#ascents = 0
  }

  /** Behind the last comes the first: then it is not the network that keeps one out. */
  #descend(): void {
    this.#failures = 0
    this.#worked.delete(this.present)
    this.#index = (this.#index + 1) % this.#transports.length
  }

  /** Stays for a while, and for longer each time. */
  #rest(): void {
    const { moveUpDelayMs, random } = this.#host
    const delayMs = Math.min(MAX_MOVE_UP_DELAY_MS, moveUpDelayMs * 2 ** Math.min(this.#ascents, 31))
    // All that came down together need not go up together.
    this.#wait(delayMs * (1 - random() / 2), () => {
      this.#ascents++
      this.#try(0)
    })
  }

  #try(index: number): void {
    if (index >= this.#index) {
      this.#rest()
      return
    }
    this.#stop = probeTransport(this.#transports[index] as Transport, this.#host, (isThrough) => {
      if (isThrough) this.#moveTo(index, LOOKS)
      else this.#try(index + 1)
    })
  }

  #moveTo(index: number, looks: number): void {
    if (this.#host.canMove()) {
      this.#index = index
      this.#failures = 0
      // What ends now says nothing of the one that begins.
      this.#connectedAtMs = undefined
      this.#host.move()
    } else if (looks === 0) this.#rest()
    else this.#wait(LOOK_MS, () => this.#moveTo(index, looks - 1))
  }

  #wait(delayMs: number, run: () => void): void {
    this.#stop = this.#host.after(delayMs, run)
  }
}
