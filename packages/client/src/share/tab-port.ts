import type { CloseReason, CloseReasonName } from '../reason/close-reason.ts'

/** Changes with what is said below, lest tabs of one version of this package find a switchboard of another. */
export const SHARE_VERSION = 1

/** What a tab says to the switchboard. */
export type TabMessage =
  /** Packets, one on a line; the first of all begins with the connect command. */
  | { readonly type: 'send'; readonly text: string }
  /** So much of what was sent has been read, in UTF-16 code units. */
  | { readonly type: 'took'; readonly length: number }
  /** It is over, because of that: the last thing that it says. */
  | { readonly type: 'leave'; readonly reason: CloseReasonName }

/** What the switchboard says to a tab. */
export type BoardMessage =
  /** The hub has let it in, over the transport of that name; the packet that says so follows. */
  | { readonly type: 'over'; readonly transport: string }
  /** Packets, one on a line. */
  | { readonly type: 'text'; readonly text: string }
  /** It is over: the last thing that it says. */
  | { readonly type: 'closed'; readonly reason: CloseReason }

/** A tab as the switchboard knows it: what it says comes here. */
export interface TabEnd {
  receive(message: TabMessage): void
  /** It is gone, unsaid. */
  gone(): void
}
