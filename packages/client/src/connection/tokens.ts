import type { SubRefreshResult } from '@wigwag/protocol'
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
  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number
  /** Time has gone by: it may have to be renewed. */
  tick(nowMs: number): void
}

/** Whom tokens are for. */
export interface TokenHost {
  /** The channel of a subscription. */
  readonly channel?: string
  readonly backoff: ResolvedBackoff
  readonly nowMs: () => number
  readonly random: () => number
  /** Something is due at that time. */
  due(atMs: number): void
  /** What the application threw. */
  failed(error: ClientError): void
  /** Brings another token to the hub, and tells what it answered. */
  renew(token: string, done: (answer: SubRefreshResult | ClientError) => void): void
  /** It could not be renewed. Returns whether that is to be tried again; otherwise it is over. */
  isPatient(reason: TokenFailure | ClientError): boolean
}

/** Makes the tokens of a host. */
export type CreateTokens = (host: TokenHost) => Tokens

/** A token that is all there is, or none. */
export function fixedToken(token: string | undefined): Tokens {
  return {
    token,
    source: 'none',
    ask: () => {},
    stop: () => {},
    holds: () => {},
    nextDeadlineMs: () => Number.POSITIVE_INFINITY,
    tick: () => {},
  }
}
