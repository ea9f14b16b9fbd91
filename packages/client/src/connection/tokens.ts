import type { SubRefreshResult } from '@wigwag/protocol'
import type { Commands } from '../command/commands.ts'
import type { Environment } from '../environment/environment.ts'
import type { ClientError } from '../error/client-error.ts'
import type { TokenSource } from '../state/token-source.ts'
import type { ResolvedBackoff } from '../time/backoff.ts'

/** Why there is no token: a reason for a connection as for a subscription. */
export interface TokenFailure {
  readonly name: 'unauthorized' | 'tokenFailed'
  readonly text: string
  readonly cause?: unknown
}

/** The tokens of a connection, or of a subscription. */
export interface Tokens {
  /** The one that there is. */
  readonly token: string | undefined
  readonly source: TokenSource
  /** Asks for another, and tells why there is none, unless `stop` was called meanwhile. */
  ask(done: (failure: TokenFailure | undefined) => void): void
  /** Nobody waits for an answer any more, and there is nothing left to renew. */
  stop(): void
  /** The hub says for how long it holds. */
  holds(result: SubRefreshResult): void
}

/** Whom tokens are for. */
export interface TokenHost {
  /** The channel of a subscription. */
  readonly channel?: string
  /** How long the hub may take to answer, in milliseconds. */
  readonly timeoutMs: number
  readonly backoff: ResolvedBackoff
  readonly environment: Environment
  readonly commands: Commands
  /** What the application threw. */
  failed(error: ClientError): void
  /** It could not be renewed. Returns whether that is to be tried again; otherwise it is over. */
  isPatient(reason: TokenFailure | ClientError): boolean
}

/** Makes the tokens of a host. */
export type CreateTokens = (host: TokenHost) => Tokens

/** The tokens of a host: those that it is given a function for, or one that is all there is, or none. */
export function createTokens(token: string | CreateTokens | undefined, host: TokenHost): Tokens {
  if (typeof token === 'function') return token(host)
  const nothing = (): void => {}
  return { token, source: 'none', ask: nothing, stop: nothing, holds: nothing }
}
