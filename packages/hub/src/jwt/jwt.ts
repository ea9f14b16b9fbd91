import type { Json } from '@wigwag/protocol'
import {
  AuthenticationRefusal,
  type Authenticator,
  type ConnectQuestion,
  type Credentials,
  isChannelName,
  type SubscriptionGrant,
  type SubscriptionQuestion,
} from '../index.ts'
import { type JwtOptions, type ResolvedJwtOptions, resolveJwtOptions } from './jwt-options.ts'
import { type JwtPorts, TokenVerifier } from './token-verifier.ts'

type Claims = Readonly<Record<string, unknown>>

/** Makes clients bring JSON Web Tokens (RFC 7519): one to connect, and one for each channel that wants one. */
export class JwtAuthenticator implements Authenticator {
  readonly #options: ResolvedJwtOptions
  readonly #verifier: TokenVerifier

  /** Throws as `jwt` does. */
  constructor(options: JwtOptions, ports: JwtPorts) {
    this.#options = resolveJwtOptions(options)
    this.#verifier = new TokenVerifier(this.#options, ports)
  }

  /** Reads the connection token of the connect command, or else of an `Authorization: Bearer` header. */
  async authenticate(question: ConnectQuestion): Promise<Credentials | AuthenticationRefusal> {
    const token = question.token || bearerOf(question.header?.('authorization'))
    if (token === undefined) {
      return this.#options.withoutToken === 'anonymous'
        ? { user: '' }
        : new AuthenticationRefusal('no-token', 'The client sent no token.')
    }
    const verified = await this.#verifier.verify(token)
    if (verified instanceof AuthenticationRefusal) return verified
    const { claims, expiresAt } = verified
    // Whoever was given a channel was not given a session.
    if (claims['channel'] !== undefined) {
      return new AuthenticationRefusal('invalid', 'This is a subscription token; connecting takes a connection token.')
    }
    return this.#credentialsOf(claims, expiresAt)
  }

  /** Reads a subscription token: `channel` must be the channel, `sub` the user and `client`, if it is there, the session. */
  async authenticateSubscription(question: SubscriptionQuestion): Promise<SubscriptionGrant | AuthenticationRefusal> {
    const { token, channel, client, user } = question
    const verified = await this.#verifier.verify(token)
    if (verified instanceof AuthenticationRefusal) return verified
    const { claims, expiresAt } = verified
    if (claims['channel'] !== channel) {
      return new AuthenticationRefusal('wrong-channel', 'The channel of the token is not the one that it came with.')
    }
    const { userClaim, infoClaim } = this.#options
    if (claims['client'] !== undefined && claims['client'] !== client) {
      return new AuthenticationRefusal('wrong-user', 'The client of the token is not the session that brought it.')
    }
    // A token that names neither would be good for whoever gets hold of it.
    const owner = claims[userClaim] ?? (claims['client'] === undefined ? '' : user)
    if (owner !== user) {
      return new AuthenticationRefusal('wrong-user', `The ${userClaim} of the token is not the user that brought it.`)
    }
    const ends = endOf(claims, expiresAt)
    if (ends instanceof AuthenticationRefusal) return ends
    return { ...said('info', claims[infoClaim]), ...ends }
  }

  #credentialsOf(claims: Claims, expiresAt: number | undefined): Credentials | AuthenticationRefusal {
    const { userClaim, infoClaim } = this.#options
    const user = claims[userClaim]
    if (typeof user !== 'string') {
      return new AuthenticationRefusal('invalid', `The ${userClaim} of the token is no text: it must name the user.`)
    }
    const ends = endOf(claims, expiresAt)
    if (ends instanceof AuthenticationRefusal) return ends
    const channels = channelsOf(claims)
    if (channels instanceof AuthenticationRefusal) return channels
    return { user, ...said('info', claims[infoClaim]), ...said('meta', claims['meta']), ...ends, ...channels }
  }
}

/**
 * An authenticator for JSON Web Tokens: `createHub({ authenticate: jwt({ secret }) })`. The user is `sub`, what others
 * see of it `info`, the channels it is put into `channels` or `subs`, and its session ends with `exp` (or at
 * `expire_at`; 0: never). Throws `HubError` `ERR_OPTION` for keys and options that cannot be used.
 */
export function jwt(options: JwtOptions, ports: Partial<JwtPorts> = {}): JwtAuthenticator {
  return new JwtAuthenticator(options, { nowMs: Date.now, elapsedMs: () => performance.now(), ...ports })
}

/** RFC 6750 §2.1; the name of the scheme is without case (RFC 9110 §11.1). */
function bearerOf(header: string | undefined): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}

/** `expire_at` says when a session ends, where that is not when the token does. */
function endOf(claims: Claims, expiresAt: number | undefined): { expiresAt?: number } | AuthenticationRefusal {
  const at = claims['expire_at']
  if (at === undefined) return expiresAt === undefined ? {} : { expiresAt }
  if (typeof at !== 'number' || !(at >= 0 && at <= 8.64e12)) {
    return new AuthenticationRefusal('invalid', 'The expire_at of the token is no point in time.')
  }
  return at === 0 ? {} : { expiresAt: Math.ceil(at * 1000) }
}

function channelsOf({
  channels = [],
  subs = {},
}: Claims): Pick<Credentials, 'channels' | 'channelInfo'> | AuthenticationRefusal {
  if (!Array.isArray(channels) || typeof subs !== 'object' || subs === null || Array.isArray(subs)) {
    return new AuthenticationRefusal('invalid', 'The channels of the token are a list of names, and subs is an object.')
  }
  const names = [...new Set<unknown>([...channels, ...Object.keys(subs)])]
  if (!names.every(isChannelName)) {
    return new AuthenticationRefusal('invalid', 'The token names something that cannot be a channel.')
  }
  if (names.length === 0) return {}
  const channelInfo = new Map<string, Json>()
  for (const [name, options] of Object.entries(subs)) {
    const info: unknown = (options as { info?: unknown } | null)?.info
    if (info !== undefined) channelInfo.set(name, info as Json)
  }
  return channelInfo.size === 0 ? { channels: names } : { channels: names, channelInfo }
}

/** A claim is whatever JSON can say: it was parsed from it. */
function said<Name extends string>(name: Name, claim: unknown): { readonly [K in Name]?: Json } {
  return (claim === undefined ? {} : { [name]: claim }) as { readonly [K in Name]?: Json }
}
