import type { Json } from '@wigwag/protocol'
import type { GetToken } from '../connection/asked-tokens.ts'
import type { CreateTokens } from '../connection/tokens.ts'
import type { MessageHandlers } from '../publication/publication-types.ts'
import type { Gap } from '../state/gap.ts'
import type { Position } from '../state/position.ts'

/** What a subscription asks for, and who takes what comes. */
export interface CoreSubscriptionOptions<Data = Json> {
  /**
   * Handlers by message type: the publication's tag `type`, or else the `type` in its data. What has no handler is told by the
   * event `publication`, as everything is.
   */
  readonly on?: MessageHandlers<Data>
  /** Something may be missed that history does not have: fetch anew what you show. The same as the event `gap`. */
  readonly onGap?: (gap: Gap) => void
  /** A subscription token, for channels that need one, or what `askedTokens` makes. */
  readonly token?: string | CreateTokens
  /** What the namespace's `subscribe` function is told. */
  readonly data?: Json
  /** Whether to be told who joins and leaves, where the namespace has it. Default false. */
  readonly joinLeave?: boolean
  /** Where to begin: behind this position. Default: at the next publication. */
  readonly since?: Position
  /** Ends the subscription when it is aborted. */
  readonly signal?: AbortSignal
}

/** The same, with somebody to ask for tokens. */
export interface SubscriptionOptions<Data = Json> extends CoreSubscriptionOptions<Data> {
  /** A subscription token, for channels that need one. */
  readonly token?: string
  /** Asked for one when it is needed. `null`: there is none to be had. What it throws is tried again later. */
  readonly getToken?: GetToken<{ readonly channel: string }>
}
