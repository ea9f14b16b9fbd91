import { type CloseReason, closeReason } from '../reason/close-reason.ts'
import { takeBatch } from './take-batch.ts'

/** Where a session is told something. */
export interface SessionAddress {
  readonly session: string
  readonly node: string
}

/** What the way up needs. */
export interface UpstreamHost {
  readonly maxRequestBytes: number
  readonly maxQueuedBytes: number
  readonly sendTimeoutMs: number
  after(delayMs: number, run: () => void): () => void
  /** Posts a body. Resolves with nothing when the hub has taken it, or else with what that means; rejects without an answer. */
  post(body: string): Promise<CloseReason | undefined>
  /** Something has arrived. */
  arrived(): void
  failed(reason: CloseReason): void
}

/** A packet that waits. */
export interface WaitingPacket {
  readonly line: string
  /** What it takes in a body, in bytes: it is a string within JSON there. */
  readonly bytes: number
}

/**
 * What a client says, as requests of their own: in order, one at a time, with all that has come meanwhile in the next. None is sent
 * again: whether the first was carried out nobody knows, so that the connection is over.
 */
export class PostedUpstream {
  readonly #host: UpstreamHost
  #packets: WaitingPacket[] = []
  #queuedBytes = 0
  #address: SessionAddress | undefined
  #isPosting = false
  #isOver = false

  constructor(host: UpstreamHost) {
    this.#host = host
  }

  /** Whether something has not arrived yet. */
  get isBusy(): boolean {
    return this.#isPosting || this.#packets.length > 0
  }

  /** Sends packets, one on a line, once it is known where to. */
  send(text: string): void {
    if (this.#isOver) return
    for (const line of text.split('\n')) {
      const bytes = bytesOf(line)
      this.#packets.push({ line, bytes })
      this.#queuedBytes += bytes
    }
    if (this.#queuedBytes > this.#host.maxQueuedBytes) {
      this.#fail(closeReason('sendFailed', { text: `more than ${this.#host.maxQueuedBytes} bytes wait to be sent` }))
    } else this.#next()
  }

  /** The session is there. */
  open(address: SessionAddress): void {
    this.#address = address
    this.#next()
  }

  close(): void {
    this.#isOver = true
    this.#packets = []
  }

  #next(): void {
    if (this.#isPosting || this.#isOver || this.#address === undefined || this.#packets.length === 0) return
    const batch = takeBatch(this.#packets, this.#host.maxRequestBytes - bytesOf(JSON.stringify(this.#address)))
    for (const { bytes } of batch) this.#queuedBytes -= bytes
    this.#isPosting = true
    void this.#post(JSON.stringify({ ...this.#address, data: batch.map(({ line }) => line).join('\n') }))
  }

  async #post(body: string): Promise<void> {
    const cancel = this.#host.after(this.#host.sendTimeoutMs, () =>
      this.#fail(closeReason('sendFailed', { text: 'no answer in time to what was sent' })),
    )
    try {
      const reason = await this.#host.post(body)
      if (reason !== undefined) this.#fail(reason)
    } catch (cause) {
      this.#fail(closeReason('sendFailed', { text: String(cause), cause }))
    } finally {
      cancel()
    }
    this.#isPosting = false
    if (this.#isOver) return
    this.#host.arrived()
    this.#next()
  }

  #fail(reason: CloseReason): void {
    if (this.#isOver) return
    this.close()
    this.#host.failed(reason)
  }
}

const encoder = new TextEncoder()

function bytesOf(line: string): number {
  return encoder.encode(JSON.stringify(line)).length
}
