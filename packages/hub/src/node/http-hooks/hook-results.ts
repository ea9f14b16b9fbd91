import type { Json } from '@wigwag/protocol'
import { assertIdempotencyKey } from '../../broker/idempotency-keys.ts'
import type { PublishGrant, SubscribeGrant } from '../../namespace/permission.ts'
import { assertTags } from '../../publication/tags.ts'
import type { Credentials, RefreshQuestion } from '../../session/credentials.ts'
import { AnswerFault } from './answer-fault.ts'
import { assertObeyed, channelNames, endOf, type Fields, isExpired, isObject, ownValue, said } from './read-answer.ts'

/** Binary data, which has no place in a session of JSON; and what would hold something back from a client. */
const UNSPOKEN = ['b64data', 'b64info', 'server_tags_filter', 'override']
/** What would keep a publication from being stored, or put it in its place among others. */
const UNSPOKEN_OF_PUBLISH = ['b64data', 'skip_history', 'version']

/** Who a client is, of what `connect` answered. Whoever is anonymous is said to be (`""`), not left out. */
export function connectResult(result: Fields): Credentials {
  assertObeyed(result, UNSPOKEN)
  const user = ownValue(result, 'user')
  if (typeof user !== 'string') throw new AnswerFault('has a user that is no text ("" when it is nobody in particular)')
  return {
    user,
    ...said('info', result),
    ...said('data', result),
    ...said('meta', result),
    ...endOf(result),
    ...channelsOf(result),
  }
}

/** The credentials of who goes on; nothing when the session's time is up. */
export function refreshResult(result: Fields, { user, info, meta }: RefreshQuestion): Credentials | undefined {
  assertObeyed(result, UNSPOKEN)
  if (isExpired(result)) return undefined
  return {
    user,
    ...(info !== undefined && { info }),
    ...(meta !== undefined && { meta }),
    ...said('info', result),
    ...said('meta', result),
    ...endOf(result),
  }
}

/** What a subscription is given; nothing when its time is up. */
export function subscribeResult(result: Fields): SubscribeGrant | undefined {
  assertObeyed(result, UNSPOKEN)
  return isExpired(result) ? undefined : { ...said('info', result), ...said('data', result), ...endOf(result) }
}

/** What is published. */
export function publishResult(result: Fields): PublishGrant {
  assertObeyed(result, UNSPOKEN_OF_PUBLISH)
  const tags = ownValue(result, 'tags')
  const idempotencyKey = ownValue(result, 'idempotency_key')
  return {
    ...dataOf(result),
    ...(tags !== undefined && { tags: checked('tags', tags as Readonly<Record<string, string>>, assertTags) }),
    ...(idempotencyKey !== undefined &&
      idempotencyKey !== '' && {
        idempotencyKey: checked('idempotency_key', idempotencyKey as string, assertIdempotencyKey),
      }),
  }
}

/** What a call is answered with. */
export function rpcResult(result: Fields): Json | undefined {
  assertObeyed(result, UNSPOKEN)
  return dataOf(result).data
}

/** `null` is data, too. */
function dataOf(result: Fields): { readonly data?: Json } {
  return Object.hasOwn(result, 'data') ? { data: result['data'] as Json } : {}
}

function channelsOf(result: Fields): Pick<Credentials, 'channels' | 'channelInfo'> {
  const subs = ownValue(result, 'subs') ?? {}
  if (!isObject(subs)) throw new AnswerFault('has subs that are no object of options by channel')
  const names = channelNames([...asList(ownValue(result, 'channels') ?? []), ...Object.keys(subs)])
  const channelInfo = new Map<string, Json>()
  for (const [name, options] of Object.entries(subs)) {
    if (!isObject(options)) throw new AnswerFault('has subs with options that are no object')
    // A subscription by the server has no end and no data of its own.
    assertObeyed(options, [...UNSPOKEN, 'expire_at'])
    const { info } = said('info', options)
    if (info !== undefined) channelInfo.set(name, info)
  }
  if (names.length === 0) return {}
  return { channels: [...new Set(names)], ...(channelInfo.size > 0 && { channelInfo }) }
}

function asList(channels: unknown): readonly unknown[] {
  if (Array.isArray(channels)) return channels
  throw new AnswerFault('has channels that are no list')
}

function checked<T>(name: string, value: T, assert: (value: T) => void): T {
  try {
    assert(value)
    return value
  } catch {
    throw new AnswerFault(`has ${name} that cannot go with a publication`)
  }
}
