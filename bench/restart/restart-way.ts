/** In how much time a node that drains has its clients leave. */
export const DRAIN_MS = 3000
/** Sessions of a node that paces nobody. */
export const OPEN_DOOR = { maxSessionsPerSecond: 1_000_000, maxSessionBurst: 1_000_000 } as const

/** How a node goes, and what awaits those who come back. */
export interface RestartWay {
  readonly name: string
  readonly about: string
  readonly signal: 'SIGKILL' | 'SIGTERM'
  /** Whether the node that they come to takes as many a second as come, or as many as its default says. */
  readonly door: 'open' | 'default'
}

/** Every way that is measured. */
export const RESTART_WAYS: readonly RestartWay[] = [
  { name: 'killed, no pacing', about: 'all come back at once, and are let in', signal: 'SIGKILL', door: 'open' },
  {
    name: 'killed, paced door',
    about: 'all come back at once; 503 with Retry-After',
    signal: 'SIGKILL',
    door: 'default',
  },
  { name: 'drained', about: `over ${DRAIN_MS} ms, each advised when to come back`, signal: 'SIGTERM', door: 'default' },
]
