import type { Json } from '@wigwag/protocol'
import type { ApplicationRefusal } from '../namespace/refuse.ts'
import type { AuthenticationRefusal } from './authentication-refusal.ts'

/** What a client says of itself when it connects. */
export interface ConnectQuestion {
  /** The id of the session that it is, or is about to be. */
  readonly client?: string
  /** The connection token; absent or empty when it sent none. */
  readonly token?: string
  /** What the client's program sent along for the application. */
  readonly data?: Json
  /** A header of the HTTP request that carries the session, by its name in lower case. */
  readonly header?: (name: string) => string | undefined
  /** A parameter of its URL's query. */
  readonly query?: (name: string) => string | undefined
  /** The client's address; behind a trusted proxy what that says of it. */
  readonly remoteAddress?: string
  /** What carries the session, as in `'websocket'`. */
  readonly transport?: string
  /** Name and version of the client's program. */
  readonly name?: string
  readonly version?: string
}

/** Who a session is, and for how long. */
export interface Credentials {
  /** The user's id; empty for who is anonymous. */
  readonly user: string
  /** What others in a channel see of the user. */
  readonly info?: Json
  /** When it ends unless the client brings a newer token, in milliseconds since 1970. Absent: never. */
  readonly expiresAt?: number
  /** Channels that the session is subscribed to by the hub, without asking. */
  readonly channels?: readonly string[]
  /** What others see of the user in one of `channels`, by the channel's name. */
  readonly channelInfo?: ReadonlyMap<string, Json>
  /** What the client is told in the reply to its connect command. */
  readonly data?: Json
  /** What the application wants to know of the session later; no client sees it. */
  readonly meta?: Json
}

/** What a client asks for with a subscription token, and who asks. */
export interface SubscriptionQuestion {
  readonly token: string
  readonly channel: string
  /** The session's id. */
  readonly client: string
  /** The session's user; empty for who is anonymous. */
  readonly user: string
}

/** What a subscription token allows. */
export interface SubscriptionGrant {
  /** What others see of the user in this channel. */
  readonly info?: Json
  /** When it ends unless the client brings a newer token, in milliseconds since 1970. Absent: never. */
  readonly expiresAt?: number
}

/** Whom credentials are asked for anew. */
export interface RefreshQuestion {
  /** The session's id. */
  readonly client: string
  readonly user: string
  readonly info?: Json
  readonly meta?: Json
  /** What carries it, as in `'websocket'`. */
  readonly transport: string
}

/** Somebody is not let in: because of a token, or because the application says so in its own words (`refuse`). */
export type Refused = AuthenticationRefusal | ApplicationRefusal

/** Says who a client is. It does not throw on what a client sends: a refusal is an answer. */
export interface Authenticator {
  /** For a connect command, and for a refresh, whose user must be that of the session. */
  authenticate(question: ConnectQuestion): Promise<Credentials | Refused>
  /** For a subscription token. Absent: there are none. */
  authenticateSubscription?(question: SubscriptionQuestion): Promise<SubscriptionGrant | Refused>
  /**
   * For a session whose credentials end and whose client brought no token that it could renew. Absent: such a session
   * ends with them.
   */
  refresh?(question: RefreshQuestion): Promise<Credentials | Refused>
}

/** The application's own way to say who a client is. */
export type AuthenticateFunction = (
  question: ConnectQuestion,
) => Credentials | Refused | PromiseLike<Credentials | Refused>

/** An authenticator of either kind. */
export function resolveAuthenticator(authenticate: Authenticator | AuthenticateFunction): Authenticator {
  if (typeof authenticate !== 'function') return authenticate
  return { authenticate: async (question) => authenticate(question) }
}
