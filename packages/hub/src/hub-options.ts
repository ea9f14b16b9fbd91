import type { Contract } from '@wigwag/protocol'
import type { Broker } from './broker/broker.ts'
import { checkNumberOption } from './broker/history-options.ts'
import type { ClusterOptions } from './cluster/cluster-options.ts'
import type { PresenceSource } from './presence/presence-source.ts'
import type { ServerRpc } from './server-rpc.ts'
import type { SessionsOptions } from './session/sessions-options.ts'

/** How a hub behaves, what its channels are, and who may be a session of it. */
export interface HubOptions extends SessionsOptions {
  /** Carries publications between hubs and keeps streams. One that can, keeps presence, too, where `presence` does not say otherwise. */
  readonly broker: Broker & Partial<PresenceSource>
  /**
   * What the hub and its clients agree on: all namespaces and methods that there are, and what they carry. Default: what the
   * schemas of `namespaces` and `rpc` say.
   */
  readonly contract?: Contract
  /** Largest publication accepted, in bytes: of bytes themselves, of UTF-8 otherwise. Default 256 KiB. Above it: `ERR_PUBLICATION_TOO_LARGE`. */
  readonly maxPublicationBytes?: number
  /**
   * How often it is looked whether a channel's subscribers were told what the broker stored, in milliseconds. Default
   * 40,000. 0: never. Whoever was not told recovers.
   */
  readonly positionCheckIntervalMs?: number
  /** How this hub takes part in its cluster: the hubs that share the broker. */
  readonly cluster?: ClusterOptions
  /** What servers can call by `hub.rpc`, also over HTTP. Default: nothing. */
  readonly serverRpc?: ServerRpc
}

/** What a hub is bounded by, with every default filled in. */
export type HubLimits = Required<Pick<HubOptions, 'maxPublicationBytes' | 'positionCheckIntervalMs'>>

const DEFAULTS = { maxPublicationBytes: 256 * 1024, positionCheckIntervalMs: 40_000 } as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveHubLimits(options: Partial<HubOptions>): HubLimits {
  const { maxPublicationBytes = DEFAULTS.maxPublicationBytes } = options
  const { positionCheckIntervalMs = DEFAULTS.positionCheckIntervalMs } = options
  checkNumberOption('maxPublicationBytes', maxPublicationBytes, 1)
  checkNumberOption('positionCheckIntervalMs', positionCheckIntervalMs, 0)
  return { maxPublicationBytes, positionCheckIntervalMs }
}
