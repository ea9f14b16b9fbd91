/** How long the goodbyes may take, in milliseconds: that of a WebSocket, and what a target is given behind it. */
export const CLOSE_MS = 6_000

/** What both directions have in common. */
export interface RunningBridge {
  /** Listens; resolves with where. */
  listen(): Promise<string>
  /** Takes nobody in any more, and closes what is open. */
  close(): Promise<void>
}
