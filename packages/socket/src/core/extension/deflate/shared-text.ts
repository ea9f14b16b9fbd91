/** The cohorts that came out of one message. */
export interface Rivals {
  /** Connections in the largest of them (count). */
  largest: number
}

/**
 * What the inflaters of several connections have put out last: the window of a compressor (RFC 7692 §7.2.1), once for all
 * of them. It refers to no other text and to no message, so that a connection that nobody sends to keeps one window.
 */
export class SharedText {
  /** Never changed; but a longer text with the same end may take their place, for whoever knows more of it. */
  bytes: Uint8Array
  /** Connections that know all of `bytes`; those that closed are still counted until the next message. */
  cohort = 0
  readonly rivals: Rivals

  constructor(bytes: Uint8Array, rivals: Rivals) {
    this.bytes = bytes
    this.rivals = rivals
  }

  /** Whether a message had better be compressed for others: beside this cohort there was one of more than twice its size. */
  get yields(): boolean {
    return this.cohort * 2 < this.rivals.largest
  }

  /** Another connection that knows all. */
  join(): void {
    const { rivals } = this
    if (++this.cohort > rivals.largest) rivals.largest = this.cohort
  }

  /** Puts a text in place of this one that ends with it. Nobody knows yet what is new in it. */
  lengthen(bytes: Uint8Array): void {
    this.bytes = bytes
    this.cohort = 0
  }
}

/** Whether the last bytes of `whole` are those of `end`. */
export function endsWith(whole: Uint8Array, end: Uint8Array): boolean {
  const offset = whole.length - end.length
  if (offset < 0) return false
  for (let i = end.length - 1; i >= 0; i--) {
    if (whole[offset + i] !== end[i]) return false
  }
  return true
}
