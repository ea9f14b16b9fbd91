/** What the host lends the client: time, chance, and what it knows of device and page. */
export interface Environment {
  /** Milliseconds of a clock that goes on while the device sleeps, and never goes back. */
  readonly nowMs: () => number
  /** Calls `run` after a delay, or later; after 24 days, where that is longer. Returns what keeps it from that. */
  readonly after: (delayMs: number, run: () => void) => () => void
  /** From 0 up to 1. */
  readonly random: () => number
  /** A new id that nobody can guess. Default: one of the host's. */
  readonly createId?: () => string
  /**
   * Tells when the device, the network or the page is back (`'woke'`) and when the network is gone (`'offline'`). Returns what
   * ends that. Default: nothing does, and what is over is noticed by time alone.
   */
  readonly watch?: (tell: (what: 'woke' | 'offline') => void) => () => void
  /** What a handler of the application threw, for those who run it. */
  readonly report: (error: unknown) => void
  /** Keeps which transport worked, for clients that come later. Default: `localStorage` in pages, and nothing elsewhere. */
  readonly memory?: {
    readonly recall: (key: string, maxAgeMs: number) => string | undefined
    readonly remember: (key: string, text: string | undefined) => void
  }
}
