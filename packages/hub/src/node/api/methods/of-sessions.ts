import { ErrorCode } from '@wigwag/protocol'
import * as v from 'valibot'
import { isEpoch } from '../../../publication/position.ts'
import { ApiError } from '../api-error.ts'
import {
  base64,
  channel,
  count,
  expiryOf,
  flag,
  json,
  position,
  TARGET_FIELDS,
  targetOf,
  text,
  texts,
} from '../api-fields.ts'
import { type ApiMethod, apiMethod } from '../api-method.ts'

const nothing = v.object({})

const subscribe = apiMethod(
  'Subscribes sessions of a user to a channel, wherever in the cluster they are.',
  v.object({
    channel,
    ...TARGET_FIELDS,
    expire_at: v.optional(count),
    info: v.optional(json),
    b64info: v.optional(base64),
    data: v.optional(json),
    b64data: v.optional(base64),
    recover_since: v.optional(position),
  }),
  nothing,
  async ({ hub }, request) => {
    const { recover_since: since } = request
    const info = jsonOf(request.info, request.b64info, 'b64info')
    const data = jsonOf(request.data, request.b64data, 'b64data')
    const expiresAt = expiryOf(request.expire_at)
    if (since !== undefined && !isEpoch(since.epoch)) {
      throw new ApiError(ErrorCode.badRequest, '"recover_since.epoch" must be the epoch of a stream')
    }
    await hub.sessions.subscribe(targetOf(request), request.channel, {
      ...(info !== undefined && { info }),
      ...(data !== undefined && { data }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(since !== undefined && { since }),
    })
    return {}
  },
)

const unsubscribe = apiMethod(
  'Ends the subscriptions of a user to a channel.',
  v.object({ channel, ...TARGET_FIELDS }),
  nothing,
  async ({ hub }, request) => {
    hub.assertServable(request.channel)
    await hub.sessions.unsubscribe(targetOf(request), request.channel)
    return {}
  },
)

const DISCONNECT_CODE = 'must be a code from 3000 to 4999'

const disconnect = apiMethod(
  'Ends sessions of a user, except those in "whitelist". By default with 3503: their clients do not come back.',
  v.object({
    ...TARGET_FIELDS,
    whitelist: v.optional(texts),
    disconnect: v.optional(
      v.object(
        {
          code: v.pipe(
            v.number(DISCONNECT_CODE),
            v.integer(DISCONNECT_CODE),
            v.minValue(3000, DISCONNECT_CODE),
            v.maxValue(4999, DISCONNECT_CODE),
          ),
          reason: v.optional(text, ''),
        },
        'must be an object with code and reason',
      ),
    ),
  }),
  nothing,
  async ({ hub }, request) => {
    await hub.sessions.disconnect(targetOf(request), request.disconnect, request.whitelist)
    return {}
  },
)

const refresh = apiMethod(
  'Says until when the credentials of a user\'s sessions hold: until "expire_at" (seconds since 1970), for ever, or, with "expired", no more.',
  v.object({ ...TARGET_FIELDS, expired: v.optional(flag), expire_at: v.optional(count) }),
  nothing,
  async ({ hub }, request) => {
    const target = targetOf(request)
    if (request.expired === true) await hub.sessions.expire(target)
    else await hub.sessions.refresh(target, expiryOf(request.expire_at))
    return {}
  },
)

const connections = apiMethod(
  'Lists the sessions of the cluster, or those of a user.',
  v.object({ user: v.optional(text) }),
  v.object({
    connections: v.record(
      text,
      v.object({
        user: text,
        transport: text,
        protocol: text,
        state: v.object({ channels: v.record(text, v.object({})), meta: v.exactOptional(json) }),
      }),
    ),
    missing: v.exactOptional(texts),
    incomplete: v.exactOptional(flag),
  }),
  async ({ hub }, { user }) => {
    const { items, missing, isComplete } = await hub.connections(user === '' ? undefined : user)
    const listed = items.map(({ client, user: who, transport, channels, meta }) => {
      const state = {
        channels: Object.fromEntries(channels.map((name) => [name, {}])),
        ...(meta !== undefined && { meta }),
      }
      return [client, { user: who, transport, protocol: 'json', state }] as const
    })
    return {
      connections: Object.fromEntries(listed),
      ...(missing.length > 0 && { missing: missing.map(({ id }) => id) }),
      ...(!isComplete && { incomplete: true }),
    }
  },
)

/** JSON as it is, or written as base64. Throws `ApiError` 107 when that is no JSON. */
function jsonOf(given: unknown, encoded: string | undefined, field: string): v.InferOutput<typeof json> | undefined {
  if (encoded === undefined || encoded === '') return given as v.InferOutput<typeof json> | undefined
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString())
  } catch {
    throw new ApiError(ErrorCode.badRequest, `"${field}" must be JSON, as base64`)
  }
}

/** What can be done to sessions. */
export const sessionMethods: Readonly<Record<string, ApiMethod>> = {
  subscribe,
  unsubscribe,
  disconnect,
  refresh,
  connections,
}
