/** Has one client leave. `delayMs` is how long it is advised to wait before it comes back. Does nothing when it has left. */
export type Departure = (delayMs: number) => void

/** Something that has clients, and lets go of them when the hub drains. */
export interface Drainable {
  /** Takes nobody any more. Returns how each client leaves that is there now. */
  beginDrain(): Iterable<Departure>
  /** Everybody was told. Resolves when all have left. */
  emptied(): Promise<void>
  /** Their time is up: drops who has not left. */
  terminate(): void
}
