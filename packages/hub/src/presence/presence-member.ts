import type { ClientInfo } from '@wigwag/protocol'

/** A session of this hub in a channel, from when it enters until the store and the others know that it has left. */
export class PresenceMember {
  readonly kind = 'member'
  readonly channel: string
  info: ClientInfo
  /** Whether the session is in the channel now. */
  isHere = true
  /** Whether a request about it is on its way; there is one at a time. */
  isBusy = false
  /** Whether the store may have it. */
  isStored = false
  /** Whether the last request failed: nobody knows what became of it. */
  hasFailed = false
  /** Whether those who listen take it to be in the channel: its join was told, and no leave since. */
  isTold = false
  /** The store had lost it, so its leave is being told by another hub; its join is told again behind that. */
  isOwedJoin = false
  /** It was gone from the store, by a request without an answer or expired: its leave is told unless another is heard. */
  isOwedLeave = false
  /** Its leave may have been told without this hub hearing it. */
  mayHaveMissedLeave = false
  /** Leaves that are to be heard and say nothing new, as of `echoesSinceMs`. */
  echoes = 0
  echoesSinceMs = 0
  leftAtMs = 0

  constructor(channel: string, info: ClientInfo) {
    this.channel = channel
    this.info = info
  }
}
