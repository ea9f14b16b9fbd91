import type { SubRefreshResult } from '@wigwag/protocol'
import type { Commands } from '../command/commands.ts'
import type { Environment } from '../environment/environment.ts'
import type { ClientError } from '../error/client-error.ts'
import type { Refusal } from '../reason/refusal.ts'
import type { ResolvedBackoff } from '../time/backoff.ts'

/** How a connection or a subscription ended, or an attempt at one. */
export interface TokenVerdict {
  readonly phase: string
  readonly reason?: { readonly name: string }
}

/** The tokens of a connection, or of a subscription. */
export interface Tokens {
  /** The one that there is. */
  readonly token: string | undefined
  /** Whether there is somebody to ask for another. */
  readonly isAsked: boolean
  /** Sees to it that there is one, at once if there is; or tells why there is none, unless `stop` was called meanwhile. */
  ask(done: (refusal?: Refusal) => void): void
  /**
   * Nobody waits for an answer any more, and there is nothing left to renew. What it ended with says whether the token is of any more
   * use.
   */
  stop(verdict?: TokenVerdict): void
  /** The token is of no more use. */
  invalidate(): void
  /** The hub says for how long it holds. */
  holds(result: SubRefreshResult): void
}

/** Whom tokens are for. */
export interface TokenHost {
  /** The channel of a subscription. */
  readonly channel?: string
  /** Of the client. */
  readonly options: Environment & ResolvedBackoff
  readonly commands: Commands
  /** Tells what the application threw. */
  emit(name: 'error', error: ClientError): void
  /** It could not be renewed: it is over. */
  over(refusal: Refusal): void
}

/** Makes the tokens of a host. */
export type CreateTokens = (host: TokenHost) => Tokens

/** The tokens of a host: those that it is given a function for, or one that is all there is, or none. */
export function createTokens(token: string | CreateTokens | undefined, host: TokenHost): Tokens {
  if (typeof token === 'function') return token(host)
  const nothing = (): void => {}
  return { token, isAsked: false, ask: (done) => done(), stop: nothing, invalidate: nothing, holds: nothing }
}
