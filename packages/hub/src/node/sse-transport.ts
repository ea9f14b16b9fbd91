import type { ServerResponse } from 'node:http'
import type { Subscriber } from '../channel/subscriber.ts'
import type { Subscription } from '../channel/subscription.ts'
import type { HubError } from '../error/hub-error.ts'
import type { Hub } from '../hub.ts'
import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'
import { encodeGapEvent, encodeLiveComment, sseCodec } from './sse-codec.ts'

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 1000

/** One event stream: the HTTP response of a `GET` with `Accept: text/event-stream`. */
class SseSubscriber implements Subscriber<Buffer> {
  readonly codec: typeof sseCodec = sseCodec
  readonly #response: ServerResponse
  readonly #maxQueuedBytes: number
  readonly #dropped: () => void

  constructor(response: ServerResponse, maxQueuedBytes: number, dropped: () => void) {
    this.#response = response
    this.#maxQueuedBytes = maxQueuedBytes
    this.#dropped = dropped
  }

  deliver(encoded: Buffer): void {
    this.#write(encoded)
  }

  gap(gap: Gap): void {
    this.#write(encodeGapEvent(gap))
  }

  live(position: Position | undefined, recovered: number): void {
    this.#write(encodeLiveComment(position, recovered))
  }

  failed(error: HubError): void {
    this.#write(`event: error\ndata: ${JSON.stringify({ code: error.code, message: error.message })}\n\n`)
    this.#response.end()
  }

  #write(text: string | Buffer): void {
    const response = this.#response
    if (response.writableLength > 0 && response.writableLength + text.length > this.#maxQueuedBytes) {
      // It reads too slowly. What it misses, it recovers when it comes back with Last-Event-ID.
      this.#dropped()
      response.destroy()
    } else response.write(text)
  }
}

/** What an event stream is bounded by. */
export interface SseOptions {
  readonly maxQueuedBytes: number
  readonly pingIntervalMs: number
}

/** All event streams of an endpoint. */
export class SseTransport {
  readonly #hub: Hub
  readonly #options: SseOptions
  readonly #responses = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #dropped = 0

  constructor(hub: Hub, options: SseOptions) {
    this.#hub = hub
    this.#options = options
  }

  /** Streams that are open, and streams ended because they were read too slowly. */
  get stats(): { readonly open: number; readonly dropped: number } {
    return { open: this.#responses.size, dropped: this.#dropped }
  }

  /** Answers with the channel's publications, from now on or from behind `after`, until either side ends it. */
  open(response: ServerResponse, channel: string, after: Position | undefined): void {
    const subscriber = new SseSubscriber(response, this.#options.maxQueuedBytes, () => {
      this.#dropped++
    })
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would collect a response before it passes it on.
      'x-accel-buffering': 'no',
    })
    response.write(`retry: ${RETRY_MS}\n\n`)
    const subscription: Subscription = this.#hub.subscribe(channel, subscriber, after)
    this.#responses.add(response)
    this.#startPings()
    response.on('close', () => {
      this.#hub.unsubscribe(channel, subscription)
      this.#responses.delete(response)
      if (this.#responses.size === 0) this.#stopPings()
    })
  }

  /** Ends every stream; clients come back by themselves. */
  close(): void {
    for (const response of this.#responses) response.end()
  }

  /** One timer for all streams: a comment keeps proxies from taking them for dead. */
  #startPings(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => {
      for (const response of this.#responses) if (response.writableLength === 0) response.write(': ping\n\n')
    }, this.#options.pingIntervalMs)
    this.#timer.unref()
  }

  #stopPings(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
