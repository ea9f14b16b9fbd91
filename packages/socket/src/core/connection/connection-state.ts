import type { WigwagError } from '../error/wigwag-error.ts'
import type { CloseInfo } from '../frame/close-payload.ts'

/**
 * The life of a connection after the opening handshake (RFC 6455 §7). `handshake` within closing says which Close
 * frames have passed; `failed` means that we gave up and nothing more from the peer is read (§7.1.7).
 */
export type ConnectionState =
  | { readonly phase: 'open' }
  | {
      readonly phase: 'closing'
      readonly handshake: 'sent' | 'done' | 'failed'
      readonly close: CloseInfo
      readonly error: WigwagError | undefined
      /** When the transport is dropped. Set by the first tick: whoever begins to close does not tell the time. */
      readonly deadlineMs: number | undefined
    }
  | { readonly phase: 'closed'; readonly outcome: CloseOutcome }

/** How a connection ended. */
export interface CloseOutcome extends CloseInfo {
  /** Whether both Close frames were exchanged: WHATWG's `wasClean`. */
  readonly clean: boolean
  /** What made us give up, when we did: a `ProtocolError` of the peer, or a `TransportError` of the network. */
  readonly error: WigwagError | undefined
}
