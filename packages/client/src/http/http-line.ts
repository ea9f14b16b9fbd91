import type { ConnectResult } from '@wigwag/protocol'
import { type CloseReason, type CloseReasonDetails, closeReason } from '../reason/close-reason.ts'
import type { OpenTransport, TransportSink } from '../transport/transport.ts'
import type { ResolvedHttpOptions } from './http-options.ts'
import { httpUrl } from './http-url.ts'
import { PostedUpstream, type SessionAddress } from './posted-upstream.ts'
import { reasonOfResponse } from './reason-of-response.ts'

/** A way to the hub over plain HTTP: whatever brings packets down, what the client says goes up in requests of its own. */
export class HttpLine implements OpenTransport {
  readonly #url: URL
  readonly #sink: TransportSink
  readonly #options: ResolvedHttpOptions
  readonly #leaving = new AbortController()
  readonly #requests = new Set<AbortController>()
  readonly #up: PostedUpstream
  /** Whether the hub was reached: it ends then, rather than that it does not come to be. */
  #hasReceived = false
  /** The session, once there is one. */
  address: SessionAddress | undefined
  /** Called when something that was sent has arrived. */
  arrived: () => void = () => {}

  /** `run` brings packets down, until `signal` is aborted. */
  constructor(url: URL, sink: TransportSink, options: ResolvedHttpOptions, run: (line: HttpLine) => Promise<void>) {
    this.#url = url
    this.#sink = sink
    this.#options = options
    const { maxRequestBytes, maxQueuedBytes, sendTimeoutMs } = options
    this.#up = new PostedUpstream({
      maxRequestBytes,
      maxQueuedBytes,
      sendTimeoutMs,
      after: sink.after,
      post: (body) => {
        const url = this.endpoint('emulation', '')
        return this.post(url, body, async (response) =>
          response.ok ? undefined : reasonOfResponse(response, 'sendFailed'),
        )
      },
      arrived: () => this.arrived(),
      failed: (reason) => this.end(reason),
    })
    queueMicrotask(() => void this.#run(run))
  }

  /** Aborted when it is over. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  get isBusy(): boolean {
    return this.#up.isBusy
  }

  send(text: string): void {
    this.#up.send(text)
  }

  greeted(result: ConnectResult): void {
    const { session, node } = result
    if (session === undefined || node === undefined) {
      this.end(closeReason('notAHub', { text: 'the hub did not say where to send to' }))
    } else {
      this.address = { session, node }
      this.#up.open(this.address)
    }
  }

  close(): void {
    this.#up.close()
    this.#leaving.abort()
    for (const request of this.#requests) request.abort()
  }

  /** It is over: the sink is told, unless it knows. */
  end(reason: CloseReason): void {
    if (this.signal.aborted) return
    this.close()
    this.#sink.closed(reason)
  }

  /** It is over because nothing comes any more, or never did. */
  lost(details: CloseReasonDetails): void {
    this.end(closeReason(this.#hasReceived ? 'lost' : 'unreachable', details))
  }

  /** Packets have come, one on a line. */
  received(text: string): void {
    this.#hasReceived = true
    if (text !== '' && !this.signal.aborted) this.#sink.received(text)
  }

  /** The first message, as far as it fits `maxBytes`, and its first packet always; the rest is sent behind it. */
  greeting(maxBytes: number = this.#options.maxRequestBytes): string {
    const lines = this.#sink.greeting().split('\n')
    let count = 1
    let bytes = bytesOf(lines[0] as string)
    for (; count < lines.length; count++) {
      bytes += bytesOf(lines[count] as string)
      if (bytes > maxBytes) break
    }
    const rest = lines.splice(count)
    if (rest.length > 0) this.#up.send(rest.join('\n'))
    return lines.join('\n')
  }

  /** The URL of one of the hub's endpoints. `search` is added to the client's own query; with `''` there is none. */
  endpoint(path: string, search?: string): URL {
    const url = httpUrl(this.#url, path)
    if (url === undefined) throw new TypeError(`${this.#url} does not say where the hub is: give a URL that ends in /`)
    if (search !== undefined) url.search = search
    return url
  }

  /** Makes a request, and takes its answer. Rejects without one, and when it is over meanwhile. */
  async post<T>(url: URL, body: string, take: (response: Response) => Promise<T>): Promise<T> {
    const { fetch = globalThis.fetch, credentials } = this.#options
    this.signal.throwIfAborted()
    // One each: a signal of them all would remember every one.
    const request = new AbortController()
    this.#requests.add(request)
    try {
      // Text, as a body is by default, needs no preflight at a hub of another origin.
      const init = { method: 'POST', body, credentials, cache: 'no-store', signal: request.signal } as const
      return await take(await fetch(url, init))
    } finally {
      this.#requests.delete(request)
    }
  }

  /** Waits; rejects when it is over meanwhile. */
  pause(delayMs: number, hurry: (hurry: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this
      if (signal.aborted) return reject(signal.reason)
      const done = (settle: () => void) => (): void => {
        cancel()
        signal.removeEventListener('abort', aborted)
        settle()
      }
      const aborted = done(() => reject(signal.reason))
      const cancel = this.#sink.after(delayMs, done(resolve))
      signal.addEventListener('abort', aborted)
      hurry(done(resolve))
    })
  }

  async #run(run: (line: HttpLine) => Promise<void>): Promise<void> {
    try {
      if (!this.signal.aborted) await run(this)
    } catch (cause) {
      this.lost({ text: String(cause), cause })
    }
  }
}

const encoder = new TextEncoder()

function bytesOf(line: string): number {
  return encoder.encode(line).length + 1
}
