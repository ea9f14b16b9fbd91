/** What both directions have in common. */
export interface RunningBridge {
  /** Listens; resolves with where. */
  listen(): Promise<string>
  /** Takes nobody in any more, and closes what is open. */
  close(): Promise<void>
}
