import { type CloseReason, type CloseReasonDetails, closeReason } from '../reason/close-reason.ts'
import type { OpenTransport, TransportSink } from '../transport/transport.ts'
import { bytesOf } from './bytes-of.ts'
import type { ResolvedHttpOptions } from './http-options.ts'
import { httpUrl } from './http-url.ts'
import { postedUpstream, type SessionAddress } from './posted-upstream.ts'
import { reasonOfResponse } from './reason-of-response.ts'

/** A way to the hub over plain HTTP, for what brings packets down it. */
export interface HttpLine {
  /** Aborted when it is over. */
  readonly signal: AbortSignal
  /** The session, once there is one. */
  readonly address: SessionAddress | undefined
  /** Called when something that was sent has arrived. */
  arrived: () => void
  /** It is over: the sink is told, unless it knows. */
  end(reason: CloseReason): void
  /** It is over because nothing comes any more, or never did. */
  lost(details: CloseReasonDetails): void
  /** Packets have come, one on a line. */
  received(text: string): void
  /** The first message, as far as it fits `maxBytes`, and its first packet always; the rest is sent behind it. */
  greeting(maxBytes?: number): string
  /** The URL of one of the hub's endpoints. `search` is added to the client's own query; with `''` there is none. */
  endpoint(path: string, search?: string): URL
  /** Makes a request, and takes its answer. Rejects without one, and when it is over meanwhile. */
  post<T>(url: URL, body: string, take: (response: Response) => Promise<T>): Promise<T>
  /** Waits; rejects when it is over meanwhile. */
  pause(delayMs: number, hurry: (hurry: () => void) => void): Promise<void>
}

/**
 * Opens one: `run` brings packets down until its signal is aborted, and what the client says goes up in requests of their own.
 */
export function openHttpLine(
  to: URL,
  sink: TransportSink,
  options: ResolvedHttpOptions,
  run: (line: HttpLine) => Promise<void>,
): OpenTransport {
  const { fetch = globalThis.fetch, credentials, maxRequestBytes } = options
  const leaving = new AbortController()
  const { signal } = leaving
  const requests = new Set<AbortController>()
  /** Whether the hub was reached: it ends then, rather than that it does not come to be. */
  let hasReceived = false
  let address: SessionAddress | undefined

  const up = postedUpstream({
    ...options,
    after: sink.after,
    post: (body) =>
      line.post(line.endpoint('emulation', ''), body, async (response) =>
        response.ok ? undefined : reasonOfResponse(response, 'sendFailed'),
      ),
    arrived: () => line.arrived(),
    failed: end,
  })

  function close(): void {
    up.close()
    leaving.abort()
    for (const request of requests) request.abort()
  }

  function end(reason: CloseReason): void {
    if (signal.aborted) return
    close()
    sink.closed(reason)
  }

  const line: HttpLine = {
    signal,
    get address() {
      return address
    },
    arrived() {},
    end,
    lost: (details) => end(closeReason(hasReceived ? 'lost' : 'unreachable', details)),
    received(text) {
      hasReceived = true
      if (text !== '' && !signal.aborted) sink.received(text)
    },
    greeting(maxBytes = maxRequestBytes) {
      const lines = sink.greeting().split('\n')
      let count = 0
      let bytes = 0
      for (const each of lines) {
        bytes += bytesOf(each) + 1
        if (count > 0 && bytes > maxBytes) break
        count++
      }
      const rest = lines.splice(count)
      if (rest.length > 0) up.send(rest.join('\n'))
      return lines.join('\n')
    },
    endpoint(path, search) {
      const url = httpUrl(to, path)
      if (url === undefined) throw new TypeError(`${to} does not say where the hub is: give a URL that ends in /`)
      if (search !== undefined) url.search = search
      return url
    },
    async post(url, body, take) {
      signal.throwIfAborted()
      // One each: a signal of them all would remember every one.
      const request = new AbortController()
      requests.add(request)
      try {
        // Text, as a body is by default, needs no preflight at a hub of another origin.
        const init = { method: 'POST', body, credentials, cache: 'no-store', signal: request.signal } as const
        return await take(await fetch(url, init))
      } finally {
        requests.delete(request)
      }
    },
    pause: (delayMs, hurry) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const done = (settle: () => void) => (): void => {
          cancel()
          signal.removeEventListener('abort', aborted)
          settle()
        }
        const aborted = done(() => reject(signal.reason))
        const cancel = sink.after(delayMs, done(resolve))
        signal.addEventListener('abort', aborted)
        hurry(done(resolve))
      }),
  }

  queueMicrotask(async () => {
    try {
      if (!signal.aborted) await run(line)
    } catch (cause) {
      line.lost({ text: String(cause), cause })
    }
  })

  return {
    get isBusy() {
      return up.isBusy
    },
    send: up.send,
    close,
    greeted({ session, node }) {
      if (session === undefined || node === undefined) {
        end(closeReason('notAHub', { text: 'the hub did not say where to send to' }))
      } else {
        address = { session, node }
        up.open(address)
      }
    },
  }
}
