/** A place in a channel's stream. */
export interface Position {
  /** Which stream: after a change, offsets of the old one say nothing. */
  readonly epoch: string
  /** Where in it; strictly increases. */
  readonly offset: number
}
