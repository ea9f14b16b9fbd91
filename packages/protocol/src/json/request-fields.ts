import type { Method, Requests } from '../packet/command.ts'

/** What a field may be. `null` stands for absent everywhere but in `json`. */
export type FieldKind = 'text' | 'flag' | 'offset' | 'limit' | 'json' | 'texts' | 'since' | 'subscriptions'

/** One field of a request. */
export interface Field {
  readonly kind: FieldKind
  readonly required?: true
}

type Fields<Request> = { readonly [Name in keyof Required<Request>]: Field }

const SUBSCRIPTION = {
  token: { kind: 'text' },
  recover: { kind: 'flag' },
  epoch: { kind: 'text' },
  offset: { kind: 'offset' },
  data: { kind: 'json' },
  positioned: { kind: 'flag' },
  recoverable: { kind: 'flag' },
  join_leave: { kind: 'flag' },
  flag: { kind: 'offset' },
  type: { kind: 'offset' },
  tf: { kind: 'json' },
} as const

const CHANNEL = { channel: { kind: 'text', required: true } } as const

/** The fields of a subscription within `connect`. */
export const SUBSCRIPTION_FIELDS: Readonly<Record<string, Field>> = SUBSCRIPTION

/** Every method with its fields. What is not named here is ignored. */
export const REQUEST_FIELDS: { readonly [M in Method]: Fields<Requests[M]> } = {
  connect: {
    token: { kind: 'text' },
    data: { kind: 'json' },
    name: { kind: 'text' },
    version: { kind: 'text' },
    headers: { kind: 'texts' },
    subs: { kind: 'subscriptions' },
  },
  subscribe: { ...CHANNEL, ...SUBSCRIPTION },
  unsubscribe: CHANNEL,
  publish: { ...CHANNEL, data: { kind: 'json', required: true }, idempotency_key: { kind: 'text' } },
  presence: CHANNEL,
  presence_stats: CHANNEL,
  history: { ...CHANNEL, limit: { kind: 'limit' }, since: { kind: 'since' }, reverse: { kind: 'flag' } },
  ping: {},
  send: { data: { kind: 'json', required: true } },
  rpc: { method: { kind: 'text', required: true }, data: { kind: 'json' } },
  refresh: { token: { kind: 'text', required: true } },
  sub_refresh: { ...CHANNEL, token: { kind: 'text', required: true } },
}
