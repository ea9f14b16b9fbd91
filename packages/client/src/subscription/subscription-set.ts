import { ClientError } from '../error/client-error.ts'
import type { SubscriptionCore } from './subscription-core.ts'

/** The subscriptions that are wanted: one for each channel. */
export class SubscriptionSet {
  readonly #byChannel = new Map<string, SubscriptionCore>()
  #isOnline = false

  /** One is wanted. Throws `ClientError` `ERR_OPTION` when the channel has another. */
  enter(core: SubscriptionCore): void {
    const { channel } = core
    const present = this.#byChannel.get(channel)
    if (present !== undefined && present !== core) {
      throw new ClientError('ERR_OPTION', `There is a subscription to ${channel}: share it, or end it first.`)
    }
    this.#byChannel.set(channel, core)
    if (this.#isOnline) core.online()
    else core.offline()
  }

  /** One is not wanted any more. */
  leave(core: SubscriptionCore): void {
    if (this.#byChannel.get(core.channel) === core) this.#byChannel.delete(core.channel)
  }

  /** Commands reach a session from now on. */
  online(): void {
    this.#isOnline = true
    for (const core of [...this.#byChannel.values()]) core.online()
  }

  /** No more. */
  offline(): void {
    this.#isOnline = false
    for (const core of [...this.#byChannel.values()]) core.offline()
  }

  /** Whether each is subscribed, and could go on from where it is. */
  get canRecover(): boolean {
    return [...this.#byChannel.values()].every(
      ({ state, position }) => state.phase === 'subscribed' && position !== undefined,
    )
  }

  get(channel: string): SubscriptionCore | undefined {
    return this.#byChannel.get(channel)
  }

  /** Ends all. */
  unsubscribe(): void {
    for (const core of [...this.#byChannel.values()]) core.unsubscribe()
  }

  /** No connection is sought any more. */
  abandon(error: ClientError): void {
    for (const core of [...this.#byChannel.values()]) core.abandoned(error)
  }

  /** Nothing that is known of streams and tokens holds any more. */
  invalidate(): void {
    for (const core of this.#byChannel.values()) core.invalidate()
  }

  nextDeadlineMs(): number {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const core of this.#byChannel.values()) deadlineMs = Math.min(deadlineMs, core.nextDeadlineMs())
    return deadlineMs
  }

  tick(nowMs: number): void {
    for (const core of [...this.#byChannel.values()]) core.tick(nowMs)
  }
}
