/** From how many bytes that were not drawn on the server is asked to pause, and below how many it goes on. */
const PAUSE_BYTES = 512 * 1024
const RESUME_BYTES = 64 * 1024

/** Where the session stands for whoever comes back: bytes that were drawn are had, others are not. */
export class OutputFlow {
  readonly #tell: { pause(): void; resume(): void }
  #offset = 0
  #waitingBytes = 0
  #isPaused = false

  constructor(tell: { pause(): void; resume(): void }) {
    this.#tell = tell
  }

  /** The offset of the next byte that is to come. */
  get offset(): number {
    return this.#offset
  }

  /** The server begins anew at an offset. */
  startAt(offset: number): void {
    this.#offset = offset
  }

  /** Output came; to be followed by `drawn` with as many bytes. */
  came(bytes: number): void {
    this.#offset += bytes
    this.#waitingBytes += bytes
    if (this.#isPaused || this.#waitingBytes < PAUSE_BYTES) return
    this.#isPaused = true
    this.#tell.pause()
  }

  drawn(bytes: number): void {
    this.#waitingBytes -= bytes
    if (!this.#isPaused || this.#waitingBytes > RESUME_BYTES) return
    this.#isPaused = false
    this.#tell.resume()
  }

  /** A new connection knows of no pause. */
  reconnected(): void {
    this.#isPaused = false
  }
}
