import type { MemoryUse } from './memory-budget.ts'
import type { PacketPorts } from './publication-packets.ts'

/** What the host lends sessions. */
export interface SessionPorts extends PacketPorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsedMs: () => number
  /** A new id, never given before in the cluster and not to be guessed. */
  readonly createId: () => string
  /** Calls `run` every `intervalMs` until the function that it returns is called. */
  readonly every: (intervalMs: number, run: () => void) => () => void
  /** What the process holds, and what it may hold. Left out: `maxMemoryBytes` is looked at by nobody. */
  readonly memory?: () => MemoryUse
  /** What a function of the application threw, for those who run it. */
  readonly report: (what: string, error: unknown) => void
}
