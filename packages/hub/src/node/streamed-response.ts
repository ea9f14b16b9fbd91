import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { StreamFlushes } from './stream-flushes.ts'

const DEFAULTS = { closeTimeoutMs: 10_000 } as const

/** How long a stream has to end. */
export interface StreamedResponseOptions {
  /** How long a stream that was ended may stand still with what is queued, in milliseconds, before its connection is dropped. Default 10,000. */
  readonly closeTimeoutMs?: number
}

/**
 * An HTTP response that goes on until either side ends it. What a turn writes leaves in one write when the turn is over,
 * through proxies as well.
 */
export class StreamedResponse {
  readonly #response: ServerResponse
  readonly #flushes: StreamFlushes
  readonly #options: StreamedResponseOptions
  #isCorked = false

  constructor(response: ServerResponse, flushes: StreamFlushes, options: StreamedResponseOptions = {}) {
    this.#response = response
    this.#flushes = flushes
    this.#options = options
  }

  /** Bytes that were written and that the connection has not taken yet. */
  get queuedBytes(): number {
    return this.#response.writableLength
  }

  /** Whether nothing more can be written: it was ended, or the client has left. */
  get isOver(): boolean {
    return this.#response.writableEnded || this.#response.destroyed
  }

  /** Sends the head, and with it the first bytes if there are any: a client knows at once that somebody is there. */
  begin(contentType: string, first: string): void {
    this.#response.writeHead(200, streamHeaders(contentType))
    if (first === '') this.#response.flushHeaders()
    else this.write(first)
  }

  /** Writes, however much waits; nothing when it is over. */
  write(data: string | Uint8Array): void {
    // Writing behind the end would be an error that nobody listens for.
    if (this.isOver) return
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#response.cork()
      this.#flushes.put(this)
    }
    this.#response.write(data)
  }

  /** Writes if at most `maxQueuedBytes` wait then, or if nothing waits yet. Returns whether it did. */
  offer(data: Uint8Array, maxQueuedBytes: number): boolean {
    if (!this.#fits(data, maxQueuedBytes)) {
      // What waits for the end of this turn alone is not what a reader is slow to take.
      this.flush()
      if (!this.#fits(data, maxQueuedBytes)) return false
    }
    this.write(data)
    return true
  }

  /** Has what was written leave. */
  flush(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#response.uncork()
  }

  /** Writes what only keeps proxies and clients from taking silence for an end: not where something waits anyway. */
  keepAlive(data: string): void {
    if (this.queuedBytes === 0) this.write(data)
  }

  /** Ends it behind what is queued. Whoever does not read that is dropped after a while. */
  end(): void {
    this.flush()
    if (this.#response.writableEnded) return
    this.#response.end()
    const { closeTimeoutMs = DEFAULTS.closeTimeoutMs } = this.#options
    if (!this.#response.destroyed) this.#response.setTimeout(closeTimeoutMs, () => this.#response.destroy())
  }

  #fits({ length }: Uint8Array, maxQueuedBytes: number): boolean {
    const { queuedBytes } = this
    return queuedBytes === 0 || queuedBytes + length <= maxQueuedBytes
  }
}

/** The head of a stream. */
export function streamHeaders(contentType: string): OutgoingHttpHeaders {
  return {
    'content-type': contentType,
    'cache-control': 'no-store',
    vary: 'Accept, Origin',
    'x-content-type-options': 'nosniff',
    // nginx would collect a response before it passes it on.
    'x-accel-buffering': 'no',
  }
}
