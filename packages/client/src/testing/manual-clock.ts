import type { Environment } from '../environment/environment.ts'

interface Timer {
  readonly run: () => void
  atMs: number
}

/**
 * Time that passes only when a test says so, for a client (`new Client(url, { environment: clock.environment() })`) and, with
 * `nowMs` and `every`, for what it talks to. Chance and ids are the same with each run.
 */
export class ManualClock {
  #nowMs: number
  #random = 0x2545f491
  #ids = 0
  readonly #timers = new Set<Timer>()
  readonly #watchers = new Set<(what: 'woke' | 'offline') => void>()
  /** What handlers threw. */
  readonly reports: unknown[] = []

  /** Begins at `nowMs`: milliseconds since 1970, or since anything else. Default 0. */
  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  /** What a client takes for its host. */
  environment(): Environment {
    return {
      nowMs: () => this.#nowMs,
      after: (delayMs, run) => this.#start({ atMs: this.#nowMs + Math.max(0, delayMs), run }),
      random: () => this.#nextRandom(),
      createId: () => `id-${++this.#ids}`,
      watch: (tell) => {
        this.#watchers.add(tell)
        return () => this.#watchers.delete(tell)
      },
      report: (error) => this.reports.push(error),
    }
  }

  /** The time, in milliseconds. */
  nowMs(): number {
    return this.#nowMs
  }

  /** How many timers run (count). */
  get timers(): number {
    return this.#timers.size
  }

  /** Calls `run` every `intervalMs` until the function that it returns is called. */
  every(intervalMs: number, run: () => void): () => void {
    const timer: Timer = {
      atMs: this.#nowMs + intervalMs,
      run: () => {
        timer.atMs = this.#nowMs + intervalMs
        this.#timers.add(timer)
        run()
      },
    }
    return this.#start(timer)
  }

  /** Lets time go by: timers run in their order, and between two of them all is done that needs no time. */
  async advance(milliseconds: number): Promise<void> {
    const endMs = this.#nowMs + milliseconds
    await settled()
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.atMs)
      this.#timers.delete(timer)
      timer.run()
      await settled()
    }
    this.#nowMs = endMs
  }

  /** Time goes by while the device sleeps: no timer runs before it wakes up, and then all that are due, late. */
  async sleep(milliseconds: number): Promise<void> {
    this.#nowMs += milliseconds
    await this.advance(0)
  }

  /** Device, network or page are back. */
  wake(): Promise<void> {
    for (const tell of [...this.#watchers]) tell('woke')
    return settled()
  }

  /** The network is gone. */
  goOffline(): Promise<void> {
    for (const tell of [...this.#watchers]) tell('offline')
    return settled()
  }

  #start(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer
    }
    return next
  }

  #nextRandom(): number {
    // xorshift32
    this.#random ^= this.#random << 13
    this.#random ^= this.#random >>> 17
    this.#random ^= this.#random << 5
    return (this.#random >>> 0) / 2 ** 32
  }
}

/** Resolves when whatever needs no time has been done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      resolve()
    }
    channel.port2.postMessage(undefined)
  })
}
