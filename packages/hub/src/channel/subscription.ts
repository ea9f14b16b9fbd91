import type { History } from '../broker/broker.ts'
import { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Publication } from '../publication/publication.ts'
import { EncodeOnce } from './encode-once.ts'
import type { Subscriber } from './subscriber.ts'

/** Live publications that wait for the end of a recovery; more means that the broker is stuck. */
const MAX_HELD = 10_000

type SubscriptionState =
  | { readonly phase: 'recovering'; readonly held: Publication[]; readonly toldUntilMs: number | undefined }
  | { readonly phase: 'live'; position: Position | undefined; toldUntilMs: number | undefined }
  | { readonly phase: 'ended' }

/**
 * One subscriber in one channel. While it recovers, live publications are held; then history and live are merged
 * without gap or double, in one step that nothing can come between.
 */
export class Subscription {
  readonly subscriber: Subscriber
  #state: SubscriptionState = { phase: 'recovering', held: [], toldUntilMs: undefined }

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  /** `recovering`, `live` or `ended`. */
  get phase(): SubscriptionState['phase'] {
    return this.#state.phase
  }

  /** How far it was told; nothing while it recovers, and where no history is kept. */
  get position(): Position | undefined {
    return this.#state.phase === 'live' ? this.#state.position : undefined
  }

  /** A live publication, and its encoding for this subscriber's codec. */
  take(publication: Publication, encoded: unknown): void {
    switch (this.#state.phase) {
      case 'live':
        // What history had may still come live: a broker need not carry both on one connection.
        if (isKnown(publication.position, this.#state.position)) break
        if (publication.position !== undefined) {
          this.#state.position = publication.position
          this.#state.toldUntilMs = publication.time
        }
        try {
          this.subscriber.deliver(encoded, publication)
        } catch (error) {
          this.failThrown(error)
        }
        break
      case 'recovering':
        if (this.#state.held.length < MAX_HELD) this.#state.held.push(publication)
        else this.fail(overrun())
        break
      case 'ended':
        break
    }
  }

  /** Somebody came or went. Whoever recovers is not told: it is not there yet. */
  announce(encoded: unknown): void {
    if (this.#state.phase !== 'live') return
    try {
      this.subscriber.announced?.(encoded)
    } catch (error) {
      this.failThrown(error)
    }
  }

  /**
   * Publications may have been missed: a live subscription that knows where it stands goes back to recovering. Returns
   * from where; nothing when there is nothing to go back to. One that is recovering has its history read once more, and
   * what it held does not join that: the stream may have begun anew in between.
   */
  interrupt(): Position | undefined {
    if (this.#state.phase === 'recovering') dropStored(this.#state.held)
    if (this.#state.phase !== 'live' || this.#state.position === undefined) return undefined
    const { position, toldUntilMs } = this.#state
    this.#state = { phase: 'recovering', held: [], toldUntilMs }
    return position
  }

  /**
   * What the broker held of the stream, read after live publications began to be taken. Subscriptions that recover
   * together share `once`. `channelToldUntilMs` is when the last publication was stored that the channel was told: none of
   * those up to there is ahead of whoever goes live.
   */
  recover(history: History, once: EncodeOnce = new EncodeOnce(), channelToldUntilMs?: number): void {
    if (this.#state.phase !== 'recovering') return
    const { held, toldUntilMs } = this.#state
    try {
      if (history.gap !== undefined) this.subscriber.gap(history.gap, toldUntilMs)
      this.#merge(history, held, once, latest(toldUntilMs, channelToldUntilMs))
    } catch (error) {
      this.failThrown(error)
    }
  }

  #merge(history: History, held: Publication[], once: EncodeOnce, beforeMs: number | undefined): void {
    const { subscriber } = this
    let toldUntilMs = beforeMs
    let recovered = 0
    let merged = mergeRecovered(history, held.splice(0))
    // Once more for what is published because of what was told, until there is no more.
    while (merged.publications.length > 0) {
      for (const publication of merged.publications) {
        // The subscriber may leave because of what it was told.
        if (this.phase === 'ended') return
        if (subscriber.recovered === undefined) {
          subscriber.deliver(once.encode(subscriber.codec, publication), publication)
        } else subscriber.recovered(publication, once)
        if (publication.position !== undefined) toldUntilMs = latest(toldUntilMs, publication.time)
        recovered++
      }
      merged = mergeRecovered({ ...merged, publications: [], gap: undefined }, held.splice(0))
    }
    if (this.phase === 'ended') return
    this.#state = { phase: 'live', position: merged.position, toldUntilMs }
    subscriber.live(merged.position, recovered)
  }

  /** Ends the subscription and says why. */
  fail(error: HubError): void {
    if (this.#state.phase === 'ended') return
    this.end()
    try {
      this.subscriber.failed(error)
    } catch {
      // It was told, and there is nothing more to tell it.
    }
  }

  /** What a subscriber or its codec does wrong costs its own subscription, not the others' publication. */
  failThrown(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.fail(new HubError('ERR_SUBSCRIBER', `The subscriber threw: ${why}`, { cause: error }))
  }

  /** Ends the subscription: nothing more is told. */
  end(): void {
    this.#state = { phase: 'ended' }
  }
}

/**
 * History, then what came live meanwhile and is not in it yet. What came of another stream is older than history, which was
 * read later: whoever is told of a new stream is told that it was missed, and reads anew.
 */
export function mergeRecovered(
  history: History,
  held: readonly Publication[],
): { readonly publications: readonly Publication[]; readonly position: Position | undefined } {
  let { position } = history
  const publications = [...history.publications]
  for (const publication of held) {
    if (isKnown(publication.position, position) || isOfAnother(publication.position, history.position)) continue
    publications.push(publication)
    position = publication.position ?? position
  }
  return { publications, position }
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

/** What was stored before an interruption is read anew. If its stream was lost, it must not come behind the new one. */
function dropStored(held: Publication[]): void {
  held.splice(0, held.length, ...held.filter(({ position }) => position === undefined))
}

/** Whether a position is of another stream than the one that `position` is of. */
function isOfAnother(next: Position | undefined, position: Position | undefined): boolean {
  return next !== undefined && position !== undefined && next.epoch !== position.epoch
}

/** Whether a stream that was told up to `position` has `next` behind it. */
function isKnown(next: Position | undefined, position: Position | undefined): boolean {
  if (next === undefined || position === undefined) return false
  return next.offset <= position.offset && next.epoch === position.epoch
}

function overrun(): HubError {
  return new HubError(
    'ERR_SUBSCRIPTION_OVERRUN',
    `More than ${MAX_HELD} publications came while the subscription was recovering; subscribe again.`,
  )
}
