import { type CloseReason, type CloseReasonDetails, closeReason } from '../reason/close-reason.ts'
import { bytesOf } from './bytes-of.ts'
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

/** The way up. */
export interface PostedUpstream {
  /** Whether something has not arrived yet. */
  readonly isBusy: boolean
  /** Sends packets, one on a line, once it is known where to. */
  send(text: string): void
  /** The session is there. */
  open(address: SessionAddress): void
  close(): void
}

/**
 * What a client says, as requests of their own: in order, one at a time, with all that has come meanwhile in the next. None is sent
 * again: whether the first was carried out nobody knows, so that the connection is over.
 */
export function postedUpstream(host: UpstreamHost): PostedUpstream {
  const { maxRequestBytes, maxQueuedBytes, sendTimeoutMs } = host
  const packets: WaitingPacket[] = []
  let queuedBytes = 0
  let to: SessionAddress | undefined
  let isPosting = false
  let isOver = false

  function next(): void {
    if (isPosting || isOver || to === undefined || packets.length === 0) return
    const batch = takeBatch(packets, maxRequestBytes - bytesOf(JSON.stringify(to)))
    for (const { bytes } of batch) queuedBytes -= bytes
    isPosting = true
    void post(JSON.stringify({ ...to, data: batch.map(({ line }) => line).join('\n') }))
  }

  async function post(body: string): Promise<void> {
    const cancel = host.after(sendTimeoutMs, () => fail({ text: 'no answer in time to what was sent' }))
    try {
      const reason = await host.post(body)
      if (reason !== undefined) failBy(reason)
    } catch (cause) {
      fail({ text: String(cause), cause })
    }
    cancel()
    isPosting = false
    if (isOver) return
    host.arrived()
    next()
  }

  function fail(details: CloseReasonDetails): void {
    failBy(closeReason('sendFailed', details))
  }

  function failBy(reason: CloseReason): void {
    if (isOver) return
    close()
    host.failed(reason)
  }

  function close(): void {
    isOver = true
    packets.length = 0
  }

  return {
    get isBusy() {
      return isPosting || packets.length > 0
    },
    send(text) {
      if (isOver) return
      for (const line of text.split('\n')) {
        const bytes = bytesOf(JSON.stringify(line))
        packets.push({ line, bytes })
        queuedBytes += bytes
      }
      if (queuedBytes > maxQueuedBytes) fail({ text: `more than ${maxQueuedBytes} bytes wait to be sent` })
      else next()
    },
    open(address) {
      to = address
      next()
    },
    close,
  }
}
