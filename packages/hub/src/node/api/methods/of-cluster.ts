import * as v from 'valibot'
import { ApplicationRefusal } from '../../../namespace/refuse.ts'
import { ApiError } from '../api-error.ts'
import { count, json, text, texts } from '../api-fields.ts'
import { type ApiMethod, apiMethod } from '../api-method.ts'

const VERSION = 'wigwag'

const info = apiMethod(
  'Lists the hubs of the cluster, the one that is asked first.',
  v.object({}),
  v.object({
    nodes: v.array(
      v.object({
        uid: text,
        name: text,
        version: text,
        num_clients: count,
        num_users: count,
        num_channels: count,
        num_subs: count,
        uptime: count,
      }),
    ),
    missing: v.exactOptional(texts),
  }),
  async ({ hub }) => {
    const { items, missing } = await hub.info()
    return {
      nodes: items.map((each) => ({
        uid: each.id,
        name: each.name,
        version: VERSION,
        num_clients: each.sessions,
        num_users: each.users,
        num_channels: each.channels,
        num_subs: each.subscriptions,
        uptime: Math.floor(each.uptimeMs / 1000),
      })),
      ...(missing.length > 0 && { missing: missing.map(({ id }) => id) }),
    }
  },
)

const rpc = apiMethod(
  'Calls a function of the application (option serverRpc).',
  v.object({ method: text, params: v.optional(json) }),
  v.object({ data: v.exactOptional(json) }),
  async ({ hub }, { method, params }) => {
    const data = await hub.rpc(method, params)
    if (data instanceof ApplicationRefusal) throw refusalOf(data)
    return data === undefined ? {} : { data }
  },
)

/** A session could be ended; a server can only be told. */
function refusalOf({ answer }: ApplicationRefusal): ApiError {
  return answer.type === 'error'
    ? new ApiError(answer.code, answer.message)
    : new ApiError(answer.disconnect.code, answer.disconnect.reason)
}

/** What can be asked of the cluster, and of the application. */
export const clusterMethods: Readonly<Record<string, ApiMethod>> = { info, rpc }
