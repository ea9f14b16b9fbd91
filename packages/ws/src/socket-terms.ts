/** What was agreed on about a socket, and what its server or client set for it. */
export interface SocketTerms {
  /** The subprotocol; `''` when there is none. */
  readonly protocol: string
  /** The names of the extensions in use, with commas between. */
  readonly extensions: string
  /** Most answers to pings that are not written (count); 0 for no limit. */
  readonly maxPendingPongs: number
}

/** Of a socket that is not open yet. */
export const NO_TERMS: SocketTerms = { protocol: '', extensions: '', maxPendingPongs: 0 }

/** The terms of a server's sockets: mostly one object for all of them, rather than three fields in each. */
export class SharedTerms {
  #last: SocketTerms

  constructor(maxPendingPongs: number) {
    this.#last = { ...NO_TERMS, maxPendingPongs }
  }

  /** Those of a socket that agreed on these names. */
  of(protocol: string, extensions: string): SocketTerms {
    const last = this.#last
    if (last.protocol === protocol && last.extensions === extensions) return last
    this.#last = { ...last, protocol, extensions }
    return this.#last
  }
}
