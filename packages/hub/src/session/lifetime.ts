/** What is due: to ask for more, or to end. */
export type LifetimeEffect = 'renew' | 'over' | undefined

/** How long something lasts: a session's credentials, or a subscription's grant. */
export class Lifetime {
  /** For what ends with its session only. */
  static readonly endless: Lifetime = new Lifetime(undefined, 'client')
  /** When it ends, in milliseconds since 1970; nothing: never. */
  readonly expiresAt: number | undefined
  /** Who asks for more: the client, with a token, or this hub, which asks the application. */
  readonly renewedBy: 'client' | 'hub'
  #isRenewing = false

  constructor(expiresAt: number | undefined, renewedBy: 'client' | 'hub') {
    this.expiresAt = expiresAt
    this.renewedBy = renewedBy
  }

  /** When something is due, in milliseconds since 1970. */
  deadline(graceMs: number): number {
    if (this.expiresAt === undefined) return Number.POSITIVE_INFINITY
    return this.renewedBy === 'hub' && !this.#isRenewing ? this.expiresAt : this.expiresAt + graceMs
  }

  /** Time goes by. `'renew'` is told once. */
  tick(nowMs: number, graceMs: number): LifetimeEffect {
    if (nowMs < this.deadline(graceMs)) return undefined
    if (this.renewedBy === 'client' || this.#isRenewing) return 'over'
    this.#isRenewing = true
    return 'renew'
  }

  /** What a client is told: whether it has to ask for more, and within how many seconds. */
  describe(nowMs: number): { readonly expires?: true; readonly ttl?: number } {
    if (this.expiresAt === undefined || this.renewedBy === 'hub') return {}
    return { expires: true, ttl: Math.max(1, Math.ceil((this.expiresAt - nowMs) / 1000)) }
  }
}
