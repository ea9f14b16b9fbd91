import { DueQueue } from '../presence/due-queue.ts'
import type { Position } from '../publication/position.ts'

/** Requests to the broker at once. */
const MOST_IN_FLIGHT = 16
/** How long what is stored may be on its way to here, in milliseconds. */
const ON_ITS_WAY_MS = 2000

/** What checks ask, and whom they tell. */
export interface PositionCheckHost {
  /** How far a channel's subscriptions were told; nothing where none of them has a position. */
  told(channel: string): Position | undefined
  /** Where the broker's stream stands. */
  stored(channel: string): Promise<Position | undefined>
  /** Publications of the channel were missed. */
  missed(channel: string): void
}

interface Watched {
  readonly channel: string
  /** The broker stood here, and the subscriptions before it. */
  suspected: Position | undefined
}

/**
 * Looks now and then whether the subscriptions of a channel were told what the broker stored. A publication that is lost
 * on its way shows when the next one comes; without a next one only this shows it. Pure: it knows the time from those
 * who call it, `tick` about once a second.
 */
export class PositionChecks {
  readonly #host: PositionCheckHost
  readonly #intervalMs: number
  readonly #watched = new Map<string, Watched>()
  readonly #due = new DueQueue<Watched>()
  readonly #ready = new Set<Watched>()
  #inFlight = 0
  #nowMs = 0

  /** Each channel is looked at every `intervalMs`. */
  constructor(host: PositionCheckHost, intervalMs: number) {
    this.#host = host
    this.#intervalMs = intervalMs
  }

  /** Begins with a channel. */
  watch(channel: string, nowMs: number): void {
    const watched = { channel, suspected: undefined }
    this.#watched.set(channel, watched)
    this.#due.put(watched, nowMs + this.#intervalMs)
  }

  /** Ends it. */
  forget(channel: string): void {
    const watched = this.#watched.get(channel)
    if (watched === undefined) return
    this.#watched.delete(channel)
    this.#due.delete(watched)
    this.#ready.delete(watched)
  }

  /** Time goes by. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const watched of this.#due.take(nowMs)) this.#ready.add(watched)
    this.#start()
  }

  #start(): void {
    for (const watched of this.#ready) {
      if (this.#inFlight >= MOST_IN_FLIGHT) return
      this.#ready.delete(watched)
      if (watched.suspected !== undefined) this.#decide(watched, watched.suspected)
      else this.#check(watched)
    }
  }

  #check(watched: Watched): void {
    const { channel } = watched
    if (this.#host.told(channel) === undefined) {
      this.#again(watched, this.#intervalMs)
      return
    }
    this.#inFlight++
    const done = (stored: Position | undefined): void => {
      this.#inFlight--
      const isBehind = stored !== undefined && this.#isBehind(channel, stored)
      watched.suspected = isBehind ? stored : undefined
      // It may be on its way.
      this.#again(watched, isBehind ? ON_ITS_WAY_MS : this.#intervalMs)
      this.#start()
    }
    // A broker that is away tells `missed` when it is back.
    this.#host.stored(channel).then(done, () => done(undefined))
  }

  #decide(watched: Watched, suspected: Position): void {
    watched.suspected = undefined
    this.#again(watched, this.#intervalMs)
    if (this.#isBehind(watched.channel, suspected)) this.#host.missed(watched.channel)
  }

  #again(watched: Watched, inMs: number): void {
    if (this.#watched.get(watched.channel) === watched) this.#due.put(watched, this.#nowMs + inMs)
  }

  #isBehind(channel: string, stored: Position): boolean {
    const told = this.#host.told(channel)
    return told !== undefined && (told.epoch !== stored.epoch || told.offset < stored.offset)
  }
}
