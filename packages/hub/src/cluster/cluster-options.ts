import { checkNumberOption } from '../broker/history-options.ts'

/** How a hub takes part in its cluster. */
export interface ClusterOptions {
  /** What this hub is called where hubs are listed. Default: empty; `createHub` takes the host's name and the process id. */
  readonly name?: string
  /** How often a hub tells the others that it is there, in milliseconds. Default 3000. One that was silent for three times as long and a second counts as gone. */
  readonly keepaliveIntervalMs?: number
  /** How long the other hubs may take to answer, in milliseconds. Default 1000. Those that have not answered by then are named in the result. */
  readonly answerTimeoutMs?: number
  /** Largest message between hubs, in bytes. Default 1 MiB. Above it: `ERR_CLUSTER_MESSAGE_TOO_LARGE`; of another hub it is passed over. Answers that are larger come in pieces. */
  readonly maxMessageBytes?: number
  /** Most channels that a hub lists (count). Default 10,000. Above it the list says that it is not complete. */
  readonly maxListedChannels?: number
  /** Most sessions that a hub lists (count). Default 1000. Above it the list says that it is not complete. */
  readonly maxListedSessions?: number
}

/** What hubs say of themselves must have room, with the longest of names. */
const LEAST_MESSAGE_BYTES = 16 * 1024

const DEFAULTS = {
  name: '',
  keepaliveIntervalMs: 3000,
  answerTimeoutMs: 1000,
  maxMessageBytes: 1024 * 1024,
  maxListedChannels: 10_000,
  maxListedSessions: 1000,
} as const

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveClusterOptions(options: ClusterOptions = {}): Required<ClusterOptions> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const resolved: Required<ClusterOptions> = { ...DEFAULTS, ...given }
  checkNumberOption('cluster.keepaliveIntervalMs', resolved.keepaliveIntervalMs, 1)
  checkNumberOption('cluster.answerTimeoutMs', resolved.answerTimeoutMs, 1)
  checkNumberOption('cluster.maxMessageBytes', resolved.maxMessageBytes, LEAST_MESSAGE_BYTES)
  checkNumberOption('cluster.maxListedChannels', resolved.maxListedChannels, 0)
  checkNumberOption('cluster.maxListedSessions', resolved.maxListedSessions, 0)
  return resolved
}
