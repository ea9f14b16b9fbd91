import type { CloseReason } from '../reason/close-reason.ts'

/** Whether there is a connection, and why not. */
export type ClientState =
  /** There is none, and none is sought. */
  | { readonly phase: 'disconnected'; readonly reason: CloseReason }
  /** There is none yet, or none any more. */
  | {
      readonly phase: 'connecting'
      /** What the last connection or attempt ended with. */
      readonly reason: CloseReason
      /** Attempts that failed since there was a connection (count). */
      readonly failures: number
      /** How long after the beginning of this state the next attempt is made, in milliseconds; 0: at once. */
      readonly delayMs: number
    }
  | {
      readonly phase: 'connected'
      /** The session's id. */
      readonly client: string
      /** The name of the transport that it came over, as in `'websocket'`; that of a shared connection as in `'shared/websocket'`. */
      readonly transport: string
      /** Whether the hub is asked if it is still there: it was silent for too long, or the device was asleep. */
      readonly isSuspect: boolean
    }
