/** Bounds of one message, checked on the header of each frame, before its payload is read. */
export interface MessageLimits {
  /** Largest message accepted, in bytes; for a compressed one, of what it inflates to as well. Above it: close 1009. */
  readonly maxMessageBytes: number
  /** Most frames one message may be split into (count). Above it: close 1008. */
  readonly maxFragments: number
}
