import { MemoryBudget, type MemoryState } from './memory-budget.ts'
import type { ResolvedSessionOptions } from './session-options.ts'
import type { SessionPorts } from './session-ports.ts'
import { TokenBucket } from './token-bucket.ts'
import { WaitingLine } from './waiting-line.ts'

/** Why nobody new is taken: the hub drains, there are as many sessions as may be, memory is short, or too many come at once. */
export type FullReason = 'draining' | 'sessions' | 'memory' | 'rate'

/** Somebody new is not taken for now. */
export interface SessionsFull {
  readonly reason: FullReason
  /** When to try again, in milliseconds: each who is sent away is told another time, lest all came back at once. */
  readonly retryAfterMs: number
}

/** How long nobody need try again, in milliseconds, where it takes others to leave. */
const LEAST_WAIT_MS: Readonly<Record<FullReason, number>> = { draining: 1000, sessions: 5000, memory: 5000, rate: 0 }

/** A place may be free again when somebody asks why there was none: so long the answer stays the same, in milliseconds. */
const LOOK_BACK_MS = 1000

/** Decides who becomes a session, before anybody is asked who that is. */
export class SessionDoor {
  readonly #options: ResolvedSessionOptions
  readonly #elapsedMs: () => number
  readonly #rate: TokenBucket
  readonly #line: WaitingLine
  readonly #memory: MemoryBudget | undefined
  readonly #refused = { draining: 0, sessions: 0, memory: 0, rate: 0 }
  #tooManyUntilMs = Number.NEGATIVE_INFINITY
  /** Whether nobody is let in any more. */
  isShut = false

  constructor(options: ResolvedSessionOptions, { elapsedMs, memory }: SessionPorts) {
    this.#options = options
    this.#elapsedMs = elapsedMs
    this.#rate = new TokenBucket({ perSecond: options.maxSessionsPerSecond, burst: options.maxSessionBurst })
    this.#line = new WaitingLine(options.maxSessionsPerSecond)
    this.#memory = memory && new MemoryBudget(options.maxMemoryBytes, memory)
  }

  /** How many were sent away, by reason (count). */
  get refused(): Readonly<Record<FullReason, number>> {
    return { ...this.#refused }
  }

  /** As of the last `measureMemory`. */
  get memory(): MemoryState {
    return this.#memory?.state ?? 'ample'
  }

  /** Lets somebody in, or says why not. `open` is how many there are. */
  admit(open: number): SessionsFull | undefined {
    const nowMs = this.#elapsedMs()
    const reason = this.#reasonAgainst(open)
    const waitMs = reason === undefined ? this.#rate.take(nowMs) : LEAST_WAIT_MS[reason]
    if (reason === undefined && waitMs === 0) return undefined
    const why = reason ?? 'rate'
    if (why === 'rate') this.#tooManyUntilMs = nowMs + LOOK_BACK_MS
    this.#refused[why]++
    return { reason: why, retryAfterMs: this.#line.join(nowMs, waitMs) }
  }

  /** Why somebody was not let in who asks right behind that. Nobody comes in by it, and nobody is counted. */
  look(open: number): SessionsFull | undefined {
    const nowMs = this.#elapsedMs()
    const reason = this.#reasonAgainst(open) ?? (nowMs < this.#tooManyUntilMs ? 'rate' : undefined)
    return reason && { reason, retryAfterMs: this.#line.join(nowMs, LEAST_WAIT_MS[reason]) }
  }

  /** Looks how much memory is in use. Returns how many bytes have to go: 0 as long as it need not end sessions. */
  measureMemory(): number {
    return this.#memory?.measure() ?? 0
  }

  #reasonAgainst(open: number): Exclude<FullReason, 'rate'> | undefined {
    if (this.isShut) return 'draining'
    if (open >= this.#options.maxSessions) return 'sessions'
    return this.memory === 'ample' ? undefined : 'memory'
  }
}
