import { HubError } from '../error/hub-error.ts'
import { hubErrorOf } from '../error/hub-error-of.ts'
import type { Broker, BrokerListener } from './broker.ts'

/** A broker as its hub asks it: not before it has started, not when the hub is closed, and with the hub's errors. */
export class StartedBroker {
  readonly broker: Broker
  #started: Promise<void> = Promise.resolve()
  #starting: Promise<void> | undefined
  #refusing = false

  constructor(broker: Broker) {
    this.broker = broker
  }

  /** Starts it. Whoever asks hears of a failure; `then` is called when there is none. */
  start(listener: BrokerListener, then: () => void): void {
    this.#started = this.broker.start(listener)
    this.#starting = this.#started
    const done = (): void => {
      this.#starting = undefined
      then()
    }
    this.#started.then(done, () => {})
  }

  /** Resolves when it has started, which need not mean that it can be reached. Rejects when it could not start. */
  get started(): Promise<void> {
    return this.#started
  }

  /** `started` until then; whoever awaits it goes on in order, before any that need not. */
  get starting(): Promise<void> | undefined {
    return this.#starting
  }

  /** Asks it. Rejects with `HubError` `ERR_HUB_CLOSED`, or with what `hubErrorOf` makes of a failure. */
  async ask<T>(question: (broker: Broker) => Promise<T>): Promise<T> {
    this.assertOpen()
    try {
      if (this.#starting !== undefined) await this.#starting
      return await question(this.broker)
    } catch (error) {
      throw hubErrorOf(error)
    }
  }

  /** Throws `HubError` `ERR_HUB_CLOSED` behind `refuse`. */
  assertOpen(): void {
    if (this.#refusing) throw new HubError('ERR_HUB_CLOSED', 'The hub is closed.')
  }

  /** The hub is closed: nothing is asked any more. */
  refuse(): void {
    this.#refusing = true
  }

  /** Whether it is. */
  get refusing(): boolean {
    return this.#refusing
  }
}
