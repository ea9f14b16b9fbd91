import type { Connection, ConnectionProfile } from '@wigwag/socket/core'
import { createProfile } from '@wigwag/socket/driver'
import { limitOf, NO_LIMIT } from './socket-context.ts'

/**
 * What programs find as `_receiver`. `ws` has no other way to give one socket a limit of its own: some take little from
 * whoever has not said who it is. What can be set counts from the next frame on.
 */
export class ConnectionReceiver {
  readonly #connection: Connection
  #profile: ConnectionProfile

  constructor(connection: Connection) {
    this.#connection = connection
    this.#profile = connection.profile
  }

  /** Largest message accepted, in bytes; 0 for no limit. */
  get _maxPayload(): number {
    const { maxMessageBytes } = this.#profile.options
    return maxMessageBytes === NO_LIMIT ? 0 : maxMessageBytes
  }

  set _maxPayload(bytes: number) {
    const limit = limitOf(bytes)
    this.#readBy({ maxMessageBytes: limit, maxFrameBytes: limit })
  }

  /** Whether text is taken for UTF-8 unchecked. */
  get _skipUTF8Validation(): boolean {
    return this.#profile.options.utf8 === 'trust'
  }

  set _skipUTF8Validation(skip: boolean) {
    this.#readBy({ utf8: skip ? 'trust' : 'strict' })
  }

  #readBy(changed: Partial<ConnectionProfile['options']>): void {
    this.#profile = createProfile(this.#profile.role, { ...this.#profile.options, ...changed })
    this.#connection.readBy(this.#profile)
  }
}
