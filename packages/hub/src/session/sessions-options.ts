import type { NamespaceOptions } from '../namespace/namespace-options.ts'
import type { PresenceStore } from '../presence/presence-store.ts'
import type { AuthenticateFunction, Authenticator } from './credentials.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { Rpc } from './rpc.ts'
import type { SessionHooks } from './session-hooks.ts'
import type { SessionOptions } from './session-options.ts'

/** Who may be a session of a hub, what it may do, and what the application hears of it. */
export interface SessionsOptions extends SessionHooks {
  /** Says who a client is: `jwt(…)`, or a function that answers with credentials or `refuse(…)`. Default: everybody is anonymous. */
  readonly authenticate?: Authenticator | AuthenticateFunction
  /**
   * How channels behave, by the part of their name before the first `:`; those without one are in `''`. A name in none of
   * them is in `'*'`, if that is named, and error 102 otherwise. Default: every channel is in one namespace with the
   * defaults; without `authenticate` everybody may publish there, and subscribers may read history.
   */
  readonly namespaces?: Readonly<Record<string, NamespaceOptions>>
  /** What clients can call. Default: nothing. */
  readonly rpc?: Rpc
  /** How sessions behave, and how many there may be. */
  readonly sessions?: SessionOptions
  /** How much may wait for a session that does not read. */
  readonly outbox?: OutboxOptions
  /** Keeps who is in which channel, for all hubs that share it. Default: where the broker is, if that can; otherwise in memory, for this process. */
  readonly presence?: PresenceStore
}
