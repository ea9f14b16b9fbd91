import type { Json, PublicationSchema, SchemaInput, StandardSchema } from '@wigwag/protocol'
import { type HistoryOptions, resolveHistoryOptions } from '../broker/history-options.ts'
import { isSchema } from '../contract/is-schema.ts'
import { HubError } from '../error/hub-error.ts'
import type { PublicationData } from '../publication/publication.ts'
import type { ChannelPermission, PublishPermission, SubscribePermission } from './permission.ts'
import { resolveSlowConsumer, type SlowConsumerOptions } from './slow-consumer.ts'

/** What a namespace with a schema carries, or `Otherwise` without one. */
type DataOf<Schema, Otherwise> = [Schema] extends [StandardSchema<unknown, infer Output>] ? Output : Otherwise

/** What can be published in it. */
type InputOf<Schema> = [Schema] extends [StandardSchema] ? SchemaInput<Schema> : Json

/** How the channels of a namespace behave, and who may do what in them. */
export interface NamespaceBehavior<Schema = unknown> {
  /** How much of each channel's stream is retained. Default: what the broker's own options say. `size: 0` keeps none. */
  readonly history?: HistoryOptions
  /**
   * What a session gets that comes back from a cut: `'stream'` (or `true`) what it missed, all of it and in order;
   * `'cache'` the newest publication, if it has another one; `false` nothing. Default `'stream'`, and `false` where
   * `slowConsumer` drops publications. Channels without history recover nothing.
   */
  readonly recover?: 'stream' | 'cache' | boolean
  /** Whether it is known who is in a channel. Default false. */
  readonly presence?: boolean
  /** Whether sessions that ask for it are told who joins and leaves. Default false. */
  readonly joinLeave?: boolean
  /** What becomes of publications for a session that does not read as fast as they come. Default: it is disconnected, and recovers. */
  readonly slowConsumer?: SlowConsumerOptions<DataOf<Schema, PublicationData>>
  /** Who may subscribe. Default `'user'` where the hub authenticates, `'anyone'` where it does not. */
  readonly subscribe?: SubscribePermission
  /** Who may publish over a session. Default `'server'`: no client. */
  readonly publish?: PublishPermission<DataOf<Schema, Json>, InputOf<Schema>>
  /** Who may ask who is in a channel. Default `'server'`: no client. */
  readonly readPresence?: ChannelPermission
  /** Who may read the history of a channel, besides recovering. Default `'server'`: no client. */
  readonly readHistory?: ChannelPermission
}

/** How the channels of a namespace behave, who may do what in them, and what they carry. */
export interface NamespaceOptions<Schema = PublicationSchema | undefined> extends NamespaceBehavior<Schema> {
  /**
   * What every publication is, in the words of any library that follows Standard Schema. It is asked wherever data come in,
   * from clients (error 107) and from the server (`ERR_PUBLICATION_INVALID`); what it makes of them is stored and
   * delivered. Default: anything. Where the hub has a contract, that says it.
   */
  readonly schema?: Schema & (PublicationSchema | undefined)
}

/** `NamespaceOptions` with every default filled in. */
export interface ResolvedNamespace {
  /** Its name; empty for the default namespace. */
  readonly name: string
  /** Nothing: as the broker has it. */
  readonly history: Required<HistoryOptions> | undefined
  readonly recover: 'stream' | 'cache' | 'none'
  readonly presence: boolean
  readonly joinLeave: boolean
  readonly slowConsumer: SlowConsumerOptions
  readonly subscribe: SubscribePermission
  readonly publish: PublishPermission
  readonly readPresence: ChannelPermission
  readonly readHistory: ChannelPermission
  readonly schema: PublicationSchema | undefined
}

const DEFAULTS = {
  presence: false,
  joinLeave: false,
  publish: 'server',
  readPresence: 'server',
  readHistory: 'server',
  schema: undefined,
} as const

const SUBSCRIBE_MODES = ['anyone', 'user', 'token', 'server']
const CHANNEL_MODES = ['anyone', 'user', 'subscriber', 'server']

/**
 * Fills in the defaults; `subscribe` is who may where the namespace does not say. Throws `HubError` `ERR_OPTION` that
 * names the option and what it takes.
 */
export function resolveNamespace(
  name: string,
  options: NamespaceOptions,
  subscribe: SubscribePermission,
): ResolvedNamespace {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const history = options.history && resolveHistoryOptions(options.history)
  const slowConsumer = resolveSlowConsumer(options.slowConsumer)
  const recover = resolveRecover(name, options.recover, slowConsumer)
  const resolved: ResolvedNamespace = { ...DEFAULTS, subscribe, ...given, name, history, slowConsumer, recover }
  if (history?.size === 0 && options.recover !== undefined && recover !== 'none') {
    throw fault(name, 'recover', 'needs history.size from 1 up', options.recover)
  }
  for (const option of ['presence', 'joinLeave'] as const) {
    if (typeof resolved[option] !== 'boolean') throw fault(name, option, 'must be true or false', resolved[option])
  }
  if (resolved.schema !== undefined && !isSchema(resolved.schema)) {
    throw fault(name, 'schema', 'must be a schema of Standard Schema, version 1', typeof resolved.schema)
  }
  checkPermission(name, 'subscribe', resolved.subscribe, SUBSCRIBE_MODES)
  for (const option of ['publish', 'readPresence', 'readHistory'] as const) {
    checkPermission(name, option, resolved[option], CHANNEL_MODES)
  }
  return resolved
}

function resolveRecover(
  name: string,
  recover: NamespaceOptions['recover'],
  { policy }: SlowConsumerOptions,
): ResolvedNamespace['recover'] {
  switch (recover) {
    case undefined:
      return policy === 'drop-oldest' || policy === 'drop-newest' ? 'none' : 'stream'
    case true:
      return 'stream'
    case false:
      return 'none'
    case 'stream':
    case 'cache':
      return recover
    default:
      throw fault(name, 'recover', "must be 'stream', 'cache', true or false", recover)
  }
}

function checkPermission(name: string, option: string, permission: unknown, modes: readonly string[]): void {
  if (typeof permission === 'function' || modes.includes(permission as string)) return
  throw fault(name, option, `must be ${modes.map((mode) => `'${mode}'`).join(', ')} or a function`, permission)
}

function fault(name: string, option: string, expected: string, given: unknown): HubError {
  const path = `namespaces[${JSON.stringify(name)}].${option}`
  return new HubError('ERR_OPTION', `Option ${path} ${expected}; it is ${JSON.stringify(given)}.`)
}
