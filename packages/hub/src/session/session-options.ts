import { checkNumberOption } from '../broker/history-options.ts'
import { HubError } from '../error/hub-error.ts'

/** How sessions behave, and how many there may be. */
export interface SessionOptions {
  /** How long a client may take to say who it is, in milliseconds. Default 10,000. After that: disconnect 3502. */
  readonly connectTimeoutMs?: number
  /** How often a session is pinged, in milliseconds. Default 25,000. 0: never. */
  readonly pingIntervalMs?: number
  /** How long a client may take to answer a ping, in milliseconds; at most `pingIntervalMs`. Default 8,000. After that: disconnect 3012. */
  readonly pongTimeoutMs?: number
  /** How long a session or subscription goes on after its time is up, for a refresh that is on its way, in milliseconds. Default 25,000. */
  readonly expiryGraceMs?: number
  /**
   * How long a session may last altogether, in milliseconds; up to a tenth less, so that those who came together do not leave
   * together. Default 0: for ever. After that: disconnect 3011, and the client comes back.
   */
  readonly maxLifetimeMs?: number
  /** How long a subscription may take to recover, in milliseconds. Default 3000, as clients wait 5000. After that: error 100, to be tried again. */
  readonly subscribeTimeoutMs?: number
  /** Most channels that a session is subscribed to (count). Default 128. Above it: error 106. */
  readonly maxChannels?: number
  /** Most commands of a session that have no answer yet (count). Default 256. Above it: error 111, to be tried again. */
  readonly maxUnansweredCommands?: number
  /** Largest message from a client, in bytes. Default 512 KiB. Above it: close 1009. */
  readonly maxMessageBytes?: number
  /**
   * Most commands of a session per second (count), pongs among them. Default 500. Above it, and behind the burst: error 111,
   * to be tried again; disconnect 3013 for a `send`, which has no answer, and for whoever goes on twice as fast.
   */
  readonly maxCommandsPerSecond?: number
  /** How many commands may come at once after a pause (count). Default 1000. */
  readonly maxCommandBurst?: number
  /** Most bytes of a session's messages per second. Default 1 MiB. Above it, and behind the burst: disconnect 3013, before anything is read. */
  readonly maxReceivedBytesPerSecond?: number
  /** How many bytes may come at once after a pause. Default 4 MiB. */
  readonly maxReceivedBurstBytes?: number
  /** Most sessions of one user, those that are anonymous aside (count). Default 1000. Above it: disconnect 3504. */
  readonly maxSessionsPerUser?: number
  /** Most sessions of this process (count). Default 100,000. Above it: 503 before anything is asked. */
  readonly maxSessions?: number
  /** Most sessions that come per second (count). Default 1000. Above it, and behind the burst: 503 before anything is asked. A drain paces those who leave by it. */
  readonly maxSessionsPerSecond?: number
  /** How many may come at once after a pause (count). Default 1000. */
  readonly maxSessionBurst?: number
  /**
   * Most memory of the process, in bytes (resident). Default 0: four fifths of what its control group or the machine allows;
   * and in any case four fifths of the heap. Above it: 503 before anything is asked. Above it by an eighth: sessions for which
   * something waits are disconnected (3008), those with most first, until that would do.
   */
  readonly maxMemoryBytes?: number
  /** Most publications that a recovery or a history reply carries (count). Default 300. A client that missed more has not recovered. */
  readonly maxRecoveredPublications?: number
}

/** `SessionOptions` with every default filled in. */
export type ResolvedSessionOptions = Required<SessionOptions>

const DEFAULTS = {
  connectTimeoutMs: 10_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 8_000,
  expiryGraceMs: 25_000,
  maxLifetimeMs: 0,
  subscribeTimeoutMs: 3_000,
  maxChannels: 128,
  maxUnansweredCommands: 256,
  maxMessageBytes: 512 * 1024,
  maxCommandsPerSecond: 500,
  maxCommandBurst: 1_000,
  maxReceivedBytesPerSecond: 1024 * 1024,
  maxReceivedBurstBytes: 4 * 1024 * 1024,
  maxSessionsPerUser: 1_000,
  maxSessions: 100_000,
  maxSessionsPerSecond: 1_000,
  maxSessionBurst: 1_000,
  maxMemoryBytes: 0,
  maxRecoveredPublications: 300,
} as const

/** Lowest value of each option. */
const LOWEST: Readonly<Record<keyof SessionOptions, number>> = {
  connectTimeoutMs: 1,
  pingIntervalMs: 0,
  pongTimeoutMs: 1,
  expiryGraceMs: 0,
  maxLifetimeMs: 0,
  subscribeTimeoutMs: 1,
  maxChannels: 1,
  maxUnansweredCommands: 1,
  maxMessageBytes: 1,
  maxCommandsPerSecond: 1,
  maxCommandBurst: 1,
  maxReceivedBytesPerSecond: 1,
  maxReceivedBurstBytes: 1,
  maxSessionsPerUser: 1,
  maxSessions: 1,
  maxSessionsPerSecond: 1,
  maxSessionBurst: 1,
  maxMemoryBytes: 0,
  maxRecoveredPublications: 0,
}

/** Fills in the defaults. Throws `HubError` `ERR_OPTION` that names the option and what it takes. */
export function resolveSessionOptions(options: SessionOptions = {}): ResolvedSessionOptions {
  const resolved: Record<string, number> = {}
  for (const [name, lowest] of Object.entries(LOWEST) as [keyof SessionOptions, number][]) {
    const value = options[name] ?? DEFAULTS[name]
    checkNumberOption(`sessions.${name}`, value, lowest)
    resolved[name] = value
  }
  const { pingIntervalMs, pongTimeoutMs } = resolved as unknown as ResolvedSessionOptions
  if (options.pongTimeoutMs !== undefined && pingIntervalMs > 0 && pongTimeoutMs > pingIntervalMs) {
    throw new HubError(
      'ERR_OPTION',
      `Option sessions.pongTimeoutMs must be at most sessions.pingIntervalMs, ${pingIntervalMs}: a ping that has no answer yet keeps the next one back. It is ${pongTimeoutMs}.`,
    )
  }
  return resolved as unknown as ResolvedSessionOptions
}
