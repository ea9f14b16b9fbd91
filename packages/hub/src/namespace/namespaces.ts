import { checkData } from '../contract/check-data.ts'
import { HubError } from '../error/hub-error.ts'
import type { PublicationData } from '../publication/publication.ts'
import { type ChannelParts, parseChannelParts } from './channel-parts.ts'
import { type NamespaceOptions, type ResolvedNamespace, resolveNamespace } from './namespace-options.ts'
import type { SubscribePermission } from './permission.ts'

/** A channel and the namespace that it is in. */
export interface ChannelInNamespace {
  readonly parts: ChannelParts
  readonly namespace: ResolvedNamespace
}

/** The name of the namespace of every channel that is in no other. No channel's name has it. */
const REST = '*'

/** Who was told nothing lets everybody do on a session what a channel's URL lets everybody do. */
const UNDECIDED: NamespaceOptions = { publish: 'anyone', readPresence: 'subscriber', readHistory: 'subscriber' }

/** The namespaces of a hub, by name: `orders:42` is in `orders`, and `lobby` in `''`, the default namespace. */
export class Namespaces {
  readonly #named = new Map<string, ResolvedNamespace>()
  /** Where no namespaces are configured, all channels are in one. */
  readonly #only: ResolvedNamespace | undefined
  /** Whether any of them says what its channels carry. */
  readonly haveSchemas: boolean

  /**
   * `subscribe` is who may where a namespace does not say. Without `options` every channel, whatever its name, is in one
   * namespace: with the defaults, or, where everybody may subscribe, also publish and read history. With `options` there are those that are named, the default namespace (`''`) only if it is, and
   * what is in none of them is in `'*'`, if that is named.
   * Throws `HubError` `ERR_OPTION` that names the option and what it takes.
   */
  constructor(options: Readonly<Record<string, NamespaceOptions>> | undefined, subscribe: SubscribePermission) {
    if (options === undefined) {
      this.#only = resolveNamespace('', subscribe === 'anyone' ? UNDECIDED : {}, subscribe)
    }
    for (const [name, each] of Object.entries(options ?? {})) {
      if (/[:#,]/.test(name)) {
        throw new HubError(
          'ERR_OPTION',
          `Option namespaces has ${JSON.stringify(name)}; no name takes ":", "#" or ",".`,
        )
      }
      this.#named.set(name, resolveNamespace(name, each, subscribe))
    }
    this.haveSchemas = this.some(({ schema }) => schema !== undefined)
  }

  /** Whether they were configured. */
  get areConfigured(): boolean {
    return this.#only === undefined
  }

  /** Whether any of them is as `test` says. */
  some(test: (namespace: ResolvedNamespace) => boolean): boolean {
    return this.#only === undefined ? [...this.#named.values()].some(test) : test(this.#only)
  }

  /** The namespace that a channel is in; nothing when there is none of that name. */
  resolve(name: string): ChannelInNamespace | undefined {
    const parts = parseChannelParts(name)
    const namespace = this.#only ?? this.#named.get(parts.namespace) ?? this.#named.get(REST)
    return namespace && { parts, namespace }
  }
}

/**
 * What the schema of a channel's namespace makes of data; the data themselves where it has none. Throws, or rejects with,
 * `ContractError` `ERR_PUBLICATION_INVALID`, or whatever the schema throws.
 */
export function checkPublication<Data extends PublicationData>(
  { parts, namespace: { schema } }: ChannelInNamespace,
  data: Data,
): PublicationData | Promise<PublicationData> {
  if (schema === undefined) return data
  return checkData(schema, data, { code: 'ERR_PUBLICATION_INVALID', owner: parts.name, part: 'data' })
}
