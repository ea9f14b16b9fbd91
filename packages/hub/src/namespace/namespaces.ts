import { HubError } from '../error/hub-error.ts'
import { type ChannelParts, parseChannelParts } from './channel-parts.ts'
import { type NamespaceOptions, type ResolvedNamespace, resolveNamespace } from './namespace-options.ts'
import type { SubscribePermission } from './permission.ts'

/** A channel and the namespace that it is in. */
export interface ChannelInNamespace {
  readonly parts: ChannelParts
  readonly namespace: ResolvedNamespace
}

/** The namespaces of a hub, by name: `orders:42` is in `orders`, and `lobby` in `''`, the default namespace. */
export class Namespaces {
  readonly #named = new Map<string, ResolvedNamespace>()
  /** Where no namespaces are configured, all channels are in one. */
  readonly #only: ResolvedNamespace | undefined

  /**
   * `subscribe` is who may where a namespace does not say. Without `options` every channel, whatever its name, is in one
   * namespace with the defaults; with them there are those that are named, the default namespace (`''`) only if it is.
   * Throws `HubError` `ERR_OPTION` that names the option and what it takes.
   */
  constructor(options: Readonly<Record<string, NamespaceOptions>> | undefined, subscribe: SubscribePermission) {
    if (options === undefined) this.#only = resolveNamespace('', {}, subscribe)
    for (const [name, each] of Object.entries(options ?? {})) {
      if (/[:#,]/.test(name)) {
        throw new HubError(
          'ERR_OPTION',
          `Option namespaces has ${JSON.stringify(name)}; no name takes ":", "#" or ",".`,
        )
      }
      this.#named.set(name, resolveNamespace(name, each, subscribe))
    }
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
    const namespace = this.#only ?? this.#named.get(parts.namespace)
    return namespace && { parts, namespace }
  }
}
