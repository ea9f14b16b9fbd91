/** A workload in progress, seen from the generator. */
export interface Load {
  /** Opens all connections that stay; the meter knows which failed. */
  open(): Promise<void>
  /** Begins to send, and keeps `depth` messages in flight. */
  start(): void
  /** Publishes so often from now on, whatever is in flight; for loads of sessions. */
  pace?(publicationsPerSec: number): void
  /** Sends nothing more; what is in flight still comes. */
  stop(): void
  /** Messages that have not come back yet. */
  inFlight(): number
  /** Closes all connections. */
  end(): void
}
