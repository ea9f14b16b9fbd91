import type { Lifetime, LifetimeEffect } from './lifetime.ts'
import type { SessionSubscription } from './session-subscription.ts'

/** The channels of one session, also those that are only asked for. */
export class SessionSubscriptions {
  readonly #byChannel = new Map<string, SessionSubscription>()

  /** How many there are. */
  get size(): number {
    return this.#byChannel.size
  }

  /** The names of those that the client knows of. */
  get channels(): string[] {
    return [...this].filter(({ isLive }) => isLive).map(({ channel }) => channel)
  }

  get(channel: string): SessionSubscription | undefined {
    return this.#byChannel.get(channel)
  }

  has(channel: string): boolean {
    return this.#byChannel.has(channel)
  }

  /** Whether the client knows that it is subscribed. */
  isLive(channel: string): boolean {
    return this.#byChannel.get(channel)?.isLive === true
  }

  add(subscription: SessionSubscription): void {
    this.#byChannel.set(subscription.channel, subscription)
  }

  /** Does nothing when its channel has another by now. */
  delete(subscription: SessionSubscription): void {
    if (this.#byChannel.get(subscription.channel) === subscription) this.#byChannel.delete(subscription.channel)
  }

  /** Ends those that the client knows of, without a word to it. */
  endLive(): void {
    for (const subscription of [...this]) if (subscription.isLive) subscription.end()
  }

  /** Ends all, without a word to the client. */
  end(): void {
    for (const subscription of [...this]) subscription.end()
  }

  /** When there is something to do. `lifetimeMs` says when that is for what lasts for some time. */
  nextDeadlineMs(lifetimeMs: (lifetime: Lifetime) => number): number {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const subscription of this) {
      deadlineMs = Math.min(deadlineMs, subscription.deadlineMs, lifetimeMs(subscription.lifetime))
    }
    return deadlineMs
  }

  /** Time goes by. `due` is told of each whose permission has to be asked for again, or is over. */
  tick(
    elapsedMs: number,
    effectOf: (lifetime: Lifetime) => LifetimeEffect,
    due: (subscription: SessionSubscription, effect: 'renew' | 'over') => void,
  ): void {
    for (const subscription of this) {
      subscription.tick(elapsedMs)
      const effect = effectOf(subscription.lifetime)
      if (effect !== undefined) due(subscription, effect)
    }
  }

  [Symbol.iterator](): IterableIterator<SessionSubscription> {
    return this.#byChannel.values()
  }
}
