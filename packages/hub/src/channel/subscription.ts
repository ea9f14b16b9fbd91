import type { History } from '../broker/broker.ts'
import { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Publication } from '../publication/publication.ts'
import type { Subscriber } from './subscriber.ts'

/** Live publications that wait for the end of a recovery; more means that the broker is stuck. */
const MAX_HELD = 10_000

type SubscriptionState =
  | { readonly phase: 'recovering'; readonly held: Publication[] }
  | { readonly phase: 'live' }
  | { readonly phase: 'ended' }

/**
 * One subscriber in one channel. While it recovers, live publications are held; then history and live are merged
 * without gap or double, in one step that nothing can come between.
 */
export class Subscription {
  readonly subscriber: Subscriber
  #state: SubscriptionState = { phase: 'recovering', held: [] }

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  /** `recovering`, `live` or `ended`. */
  get phase(): SubscriptionState['phase'] {
    return this.#state.phase
  }

  /** A live publication, and its encoding for this subscriber's codec. */
  take(publication: Publication, encoded: unknown): void {
    switch (this.#state.phase) {
      case 'live':
        this.subscriber.deliver(encoded, publication)
        break
      case 'recovering':
        if (this.#state.held.length < MAX_HELD) this.#state.held.push(publication)
        else this.fail(overrun())
        break
      case 'ended':
        break
    }
  }

  /** What the broker held of the stream, read after live publications began to be taken. */
  recover(history: History): void {
    if (this.#state.phase !== 'recovering') return
    const { held } = this.#state
    const { subscriber } = this
    if (history.gap !== undefined) subscriber.gap(history.gap)
    const merged = mergeRecovered(history, held)
    for (const publication of merged.publications) {
      // The subscriber may leave because of what it was told.
      if (this.phase === 'ended') return
      subscriber.deliver(subscriber.codec.encode(publication), publication)
    }
    if (this.phase === 'ended') return
    this.#state = { phase: 'live' }
    subscriber.live(merged.position, merged.publications.length)
  }

  /** Ends the subscription and says why. */
  fail(error: HubError): void {
    if (this.#state.phase === 'ended') return
    this.end()
    this.subscriber.failed(error)
  }

  /** Ends the subscription: nothing more is told. */
  end(): void {
    this.#state = { phase: 'ended' }
  }
}

/** History, then what came live meanwhile and is not in it yet. */
export function mergeRecovered(
  history: History,
  held: readonly Publication[],
): { readonly publications: readonly Publication[]; readonly position: Position | undefined } {
  let { position } = history
  const publications = [...history.publications]
  for (const publication of held) {
    const next = publication.position
    const known =
      next !== undefined && position !== undefined && next.epoch === position.epoch && next.offset <= position.offset
    if (known) continue
    publications.push(publication)
    position = next ?? position
  }
  return { publications, position }
}

function overrun(): HubError {
  return new HubError(
    'ERR_SUBSCRIPTION_OVERRUN',
    `More than ${MAX_HELD} publications came while the subscription was recovering; subscribe again.`,
  )
}
