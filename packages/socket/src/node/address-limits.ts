/** What one client address may do. */
export interface AddressLimitNumbers {
  readonly maxConnections: number
  readonly maxRequestsPerSecond: number
  readonly maxBurst: number
  readonly maxAddresses: number
}

/** Whether a connection is counted for itself, or belongs to one that is. */
export type ConnectionPlace = 'own' | 'beside'

/** How many there may be for each one that is counted for itself: beside it a client may wait for something and say something. */
export const PLACES: Readonly<Record<ConnectionPlace, number>> = { own: 1, beside: 2 }

/** What is remembered of an address. Its bucket of allowed requests is full at `fullAtMs`, and emptier the later that is. */
interface Tally {
  readonly connections: Record<ConnectionPlace, number>
  fullAtMs: number
}

/** How many addresses are looked at with each request, to forget those of which there is nothing to remember. */
const FORGET_AT_ONCE = 4

/**
 * Connections and requests per address: a token bucket whose state is one moment, so that it needs no timer. An address
 * with nothing open and a full bucket is forgotten when others come.
 */
export class AddressLimits {
  readonly #limits: AddressLimitNumbers
  readonly #now: () => number
  /** How long a token takes to come back, in milliseconds. */
  readonly #tokenMs: number
  /** Those with connections. */
  readonly #connected = new Map<string, Tally>()
  /** The others, the longest unused first. */
  readonly #idle = new Map<string, Tally>()

  /** `now` is a monotonic clock in milliseconds. */
  constructor(limits: AddressLimitNumbers, now: () => number) {
    this.#limits = limits
    this.#now = now
    this.#tokenMs = 1000 / limits.maxRequestsPerSecond
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#connected.size + this.#idle.size
  }

  /** Takes one request off what `address` may ask. Returns 0, or how long it has to wait, in milliseconds. */
  takeRequest(address: string): number {
    const nowMs = this.#now()
    const tally = this.#find(address)
    const fullAtMs = Math.max(tally.fullAtMs, nowMs)
    const waitMs = fullAtMs - nowMs - (this.#limits.maxBurst - 1) * this.#tokenMs
    // A hair of rounding is no reason to wait.
    const allowed = waitMs < 0.001
    if (allowed) tally.fullAtMs = fullAtMs + this.#tokenMs
    this.#forget(nowMs)
    return allowed ? 0 : waitMs
  }

  /** Counts a connection of `address`, unless it has as many of its kind as it may. */
  openConnection(address: string, place: ConnectionPlace = 'own'): boolean {
    const tally = this.#find(address)
    const { connections } = tally
    if (connections[place] >= this.#limits.maxConnections * PLACES[place]) return false
    if (connections.own + connections.beside === 0) {
      this.#idle.delete(address)
      this.#connected.set(address, tally)
    }
    connections[place]++
    return true
  }

  /** One of its connections is closed. Returns whether that was its last. */
  closeConnection(address: string, place: ConnectionPlace = 'own'): boolean {
    const tally = this.#connected.get(address)
    if (tally === undefined) return false
    tally.connections[place]--
    if (tally.connections.own + tally.connections.beside > 0) return false
    this.#connected.delete(address)
    this.#idle.set(address, tally)
    this.#forget(this.#now())
    return true
  }

  #find(address: string): Tally {
    const connected = this.#connected.get(address)
    if (connected !== undefined) return connected
    const tally = this.#idle.get(address) ?? { connections: { own: 0, beside: 0 }, fullAtMs: 0 }
    // Behind all others: it was used just now.
    this.#idle.delete(address)
    this.#idle.set(address, tally)
    return tally
  }

  #forget(nowMs: number): void {
    let looked = 0
    for (const [address, { fullAtMs }] of this.#idle) {
      const isOver = this.#idle.size > this.#limits.maxAddresses
      if (!isOver && (fullAtMs > nowMs || looked++ >= FORGET_AT_ONCE)) return
      this.#idle.delete(address)
    }
  }
}
