import type { Disconnect } from '@wigwag/protocol'
import type { EncodedPacket } from './encoded-packet.ts'
import type { Outbox } from './outbox.ts'
import type { Unsubscribed } from './session-hooks.ts'
import type { SessionSubscription } from './session-subscription.ts'

/** What a subscription needs of its session. */
export interface SubscriptionOwner {
  readonly outbox: Outbox
  push(packet: EncodedPacket | string): void
  /** Ends the session. */
  disconnect(disconnect: Disconnect): void
  /** A subscription has ended. `told` is whether the client knew of it; `why` it has to be told, unless it asked for it. */
  ended(subscription: SessionSubscription, told: boolean, why: Unsubscribed | undefined): void
}
