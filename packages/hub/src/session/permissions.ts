import type { Json } from '@wigwag/protocol'
import { isForUser } from '../namespace/channel-parts.ts'
import type { ChannelInNamespace } from '../namespace/namespaces.ts'
import type {
  ChannelPermission,
  PermissionQuestion,
  PublishGrant,
  PublishPermission,
  SubscribeGrant,
} from '../namespace/permission.ts'
import { ApplicationRefusal, type RefusalAnswer } from '../namespace/refuse.ts'
import { AuthenticationRefusal } from './authentication-refusal.ts'
import type { Authenticator } from './credentials.ts'
import { Lifetime } from './lifetime.ts'
import { EXPIRED, PERMISSION_DENIED } from './refusal-answers.ts'

/** Who asks, session or not. */
export interface Asker {
  /** The session's id; empty where there is none. */
  readonly client: string
  readonly user: string
  readonly info: Json | undefined
  readonly meta: Json | undefined
  readonly transport: string
}

/** What a subscription is allowed, and for how long. */
export interface Allowed {
  readonly info: Json | undefined
  readonly data: Json | undefined
  readonly lifetime: Lifetime
}

/** A permission, or the client's answer. */
export type Decision<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: RefusalAnswer }

const DENIED = { ok: false, answer: PERMISSION_DENIED } as const
const GRANTED = { ok: true, value: undefined } as const

/** What the client brought to subscribe with. */
export interface SubscribeAttempt {
  readonly token: string | undefined
  readonly data: Json | undefined
}

/** Whether somebody may subscribe. Rejects when a function of the application throws. */
export async function decideSubscribe(
  asker: Asker,
  { parts, namespace }: ChannelInNamespace,
  { token, data }: SubscribeAttempt,
  authenticator: Authenticator | undefined,
  nowMs: number,
): Promise<Decision<Allowed>> {
  const { subscribe } = namespace
  if (!isForUser(parts.name, asker.user) || subscribe === 'server') return DENIED
  if (subscribe === 'user' && asker.user === '') return DENIED
  const byToken = await grantByToken(asker, parts.name, token, authenticator)
  if (byToken instanceof AuthenticationRefusal || byToken instanceof ApplicationRefusal) return refused(byToken)
  if (subscribe === 'token' && byToken === undefined) return DENIED
  if (typeof subscribe !== 'function') return allowed(byToken ?? {}, 'client', nowMs)
  const answer = await subscribe(questionOf(asker, parts, false, data))
  if (answer instanceof ApplicationRefusal) return refused(answer)
  if (!answer) return DENIED
  const granted = answer === true ? {} : answer
  // What ends first ends the subscription, and whoever gave it says whether it goes on.
  const isTokenFirst =
    (byToken?.expiresAt ?? Number.POSITIVE_INFINITY) <= (granted.expiresAt ?? Number.POSITIVE_INFINITY)
  return isTokenFirst && byToken !== undefined
    ? allowed({ ...granted, ...byToken }, 'client', nowMs)
    : allowed({ ...byToken, ...granted }, 'hub', nowMs)
}

/** Whether a channel's function, if it has one, still lets somebody be subscribed. */
export async function decideStaying(
  asker: Asker,
  { parts, namespace }: ChannelInNamespace,
  data: Json | undefined,
  nowMs: number,
): Promise<Decision<Allowed | undefined>> {
  if (namespace.subscribe === 'user' && asker.user === '') return DENIED
  if (typeof namespace.subscribe !== 'function') return GRANTED
  const answer = await namespace.subscribe(questionOf(asker, parts, true, data))
  if (answer instanceof ApplicationRefusal) return refused(answer)
  return answer ? allowed(answer === true ? {} : answer, 'hub', nowMs) : DENIED
}

/** Whether somebody may do something else in a channel. */
export async function decide(
  asker: Asker,
  { parts }: ChannelInNamespace,
  permission: ChannelPermission | PublishPermission,
  isSubscribed: boolean,
  data?: Json,
): Promise<Decision<PublishGrant | undefined>> {
  if (!isForUser(parts.name, asker.user)) return DENIED
  switch (permission) {
    case 'anyone':
      return GRANTED
    case 'user':
      return asker.user === '' ? DENIED : GRANTED
    case 'subscriber':
      return isSubscribed ? GRANTED : DENIED
    case 'server':
      return DENIED
    default: {
      const answer = await permission(questionOf(asker, parts, isSubscribed, data))
      if (answer instanceof ApplicationRefusal) return refused(answer)
      if (!answer) return DENIED
      return answer === true ? GRANTED : { ok: true, value: answer }
    }
  }
}

async function grantByToken(
  { client, user }: Asker,
  channel: string,
  token: string | undefined,
  authenticator: Authenticator | undefined,
): Promise<SubscribeGrant | AuthenticationRefusal | ApplicationRefusal | undefined> {
  if (token === undefined || token === '' || authenticator?.authenticateSubscription === undefined) return undefined
  return authenticator.authenticateSubscription({ token, channel, client, user })
}

function allowed(
  { info, data, expiresAt }: SubscribeGrant,
  renewedBy: 'client' | 'hub',
  nowMs: number,
): Decision<Allowed> {
  if (expiresAt !== undefined && expiresAt <= nowMs) return { ok: false, answer: EXPIRED }
  return { ok: true, value: { info, data, lifetime: new Lifetime(expiresAt, renewedBy) } }
}

function refused({ answer }: AuthenticationRefusal | ApplicationRefusal): {
  readonly ok: false
  answer: RefusalAnswer
} {
  return { ok: false, answer }
}

function questionOf(
  asker: Asker,
  channel: ChannelInNamespace['parts'],
  isSubscribed: boolean,
  data: Json | undefined,
): PermissionQuestion {
  const { client, user, info, meta, transport } = asker
  return {
    user,
    client,
    transport,
    channel,
    isSubscribed,
    ...(info !== undefined && { info }),
    ...(meta !== undefined && { meta }),
    ...(data !== undefined && { data }),
  }
}
