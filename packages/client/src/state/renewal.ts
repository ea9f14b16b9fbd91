import { backoffDelay, type ResolvedBackoff } from '../time/backoff.ts'

/** When something that holds for a time has to be renewed: of a connection, or of a subscription. Pure. */
export class Renewal {
  readonly #backoff: ResolvedBackoff
  readonly #random: () => number
  #dueMs = Number.POSITIVE_INFINITY
  #failures = 0

  constructor(backoff: ResolvedBackoff, random: () => number) {
    this.#backoff = backoff
    this.#random = random
  }

  /** It holds for `ttlSeconds` from now on; undefined: for ever. */
  holds(ttlSeconds: number | undefined, nowMs: number): void {
    this.#failures = 0
    this.#dueMs = ttlSeconds === undefined ? Number.POSITIVE_INFINITY : nowMs + ttlSeconds * 1000
  }

  /** It could not be renewed, and may be later. */
  failed(nowMs: number): void {
    this.#dueMs = nowMs + backoffDelay(this.#backoff, this.#failures++, this.#random())
  }

  /** There is nothing left to renew. */
  stop(): void {
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  /** When `tick` wants to be called, in milliseconds; Infinity: not at all. */
  nextDeadlineMs(): number {
    return this.#dueMs
  }

  /** Whether it is to be renewed now. Then `holds`, `failed` or `stop` follows. */
  tick(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false
    this.#dueMs = Number.POSITIVE_INFINITY
    return true
  }
}
