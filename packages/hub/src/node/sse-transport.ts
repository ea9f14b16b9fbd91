import type { ServerResponse } from 'node:http'
import type { Subscriber } from '../channel/subscriber.ts'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { HubError } from '../error/hub-error.ts'
import type { Hub } from '../hub.ts'
import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'
import { describeForClients } from './http-answer.ts'
import { OpenResponses } from './open-responses.ts'
import { encodeGapEvent, encodeLiveComment, sseCodec } from './sse-codec.ts'

/** How long a client waits before it comes back, in milliseconds. */
const RETRY_MS = 1000
const DEFAULTS = { closeTimeoutMs: 10_000 } as const

/** One event stream: the HTTP response of a `GET` with `Accept: text/event-stream`. */
class SseSubscriber implements Subscriber<Buffer> {
  readonly codec: typeof sseCodec = sseCodec
  readonly #response: ServerResponse
  readonly #options: SseOptions
  readonly #ended: (isSlow: boolean) => void
  #hasDelivered = false

  /** `ended` is told once, when nothing more will be written. */
  constructor(response: ServerResponse, options: SseOptions, ended: (isSlow: boolean) => void) {
    this.#response = response
    this.#options = options
    this.#ended = ended
  }

  deliver(encoded: Buffer): void {
    const queuedBytes = this.#response.writableLength
    // One publication always goes, so that a stream which comes back and back gets further every time.
    const isSlow = this.#hasDelivered && queuedBytes > 0 && queuedBytes + encoded.length > this.#options.maxQueuedBytes
    this.#hasDelivered = true
    // What is queued may still be read; what is missed is recovered when the client comes back with Last-Event-ID.
    if (isSlow) this.#end(true)
    else this.#write(encoded)
  }

  gap(gap: Gap): void {
    this.#write(encodeGapEvent(gap))
  }

  live(position: Position | undefined, recovered: number): void {
    this.#write(encodeLiveComment(position, recovered))
  }

  failed(error: HubError): void {
    // Not `error`: that is what a browser calls a lost connection.
    this.#write(`event: failure\ndata: ${JSON.stringify({ code: error.code, message: describeForClients(error) })}\n\n`)
    this.end()
  }

  /** Ends the stream behind what is queued; the client comes back by itself, after `delayMs` at the earliest. */
  end(delayMs = 0): void {
    if (delayMs > RETRY_MS) this.#write(`retry: ${delayMs}\n\n`)
    this.#end(false)
  }

  #end(isSlow: boolean): void {
    const response = this.#response
    if (response.writableEnded) return
    this.#ended(isSlow)
    response.end()
    const { closeTimeoutMs = DEFAULTS.closeTimeoutMs } = this.#options
    if (!response.destroyed) response.setTimeout(closeTimeoutMs, () => response.destroy())
  }

  /** A comment keeps proxies from taking a silent stream for dead. */
  ping(): void {
    if (this.#response.writableLength === 0) this.#write(': ping\n\n')
  }

  #write(text: string | Buffer): void {
    // Writing behind the end would be an error that nobody listens for.
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.write(text)
  }
}

/** What an event stream is bounded by. */
export interface SseOptions {
  readonly maxQueuedBytes: number
  readonly pingIntervalMs: number
  /** How long a stream that was ended may stand still with what is queued, in milliseconds, before its connection is dropped. Default 10,000. */
  readonly closeTimeoutMs?: number
}

/** All event streams of an endpoint. */
export class SseTransport implements Drainable {
  readonly #hub: Hub
  readonly #options: SseOptions
  readonly #subscribers = new Set<SseSubscriber>()
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  #closed = false
  readonly #responses = new OpenResponses()

  constructor(hub: Hub, options: SseOptions) {
    this.#hub = hub
    this.#options = options
  }

  /** Streams that are open, and streams ended because they were read too slowly. */
  get stats(): { readonly open: number; readonly dropped: number } {
    return { open: this.#subscribers.size, dropped: this.#dropped }
  }

  /** Answers with the channel's publications, from now on or from behind `after`, until either side ends it. Throws as `Hub.subscribe` does. */
  open(response: ServerResponse, channel: string, after: Position | undefined): void {
    let leave = (): void => {}
    const subscriber = new SseSubscriber(response, this.#options, (isSlow) => {
      if (isSlow) this.#dropped++
      leave()
    })
    // First, so that a failure can still be answered; nothing is told before this turn is over.
    if (!this.#closed) leave = this.#subscribe(channel, subscriber, after)
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would collect a response before it passes it on.
      'x-accel-buffering': 'no',
    })
    response.write(`retry: ${RETRY_MS}\n\n`)
    this.#responses.add(response, leave)
    // To a browser any other answer would mean not to come back.
    if (this.#closed) subscriber.end()
  }

  /** Takes no more. Each stream ends with advice when to come back, which browsers follow. */
  beginDrain(): Departure[] {
    this.#closed = true
    return [...this.#subscribers].map(
      (subscriber): Departure =>
        (delayMs) =>
          subscriber.end(delayMs),
    )
  }

  /** Resolves when what was queued has been written. */
  emptied(): Promise<void> {
    return this.close()
  }

  /** Drops those that do not read it. */
  terminate(): void {
    this.#responses.destroy()
  }

  /** Ends every stream; clients come back by themselves. Resolves when what was queued has been written. */
  async close(): Promise<void> {
    this.#closed = true
    for (const subscriber of this.#subscribers) subscriber.end()
    await this.#responses.emptied()
  }

  /** Returns the function that ends the subscription. */
  #subscribe(channel: string, subscriber: SseSubscriber, after: Position | undefined): () => void {
    const subscription = this.#hub.subscribe(channel, subscriber, after)
    this.#subscribers.add(subscriber)
    this.#startPings()
    return () => {
      this.#hub.unsubscribe(channel, subscription)
      this.#subscribers.delete(subscriber)
      if (this.#subscribers.size === 0) this.#stopPings()
    }
  }

  /** One timer for all streams. */
  #startPings(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => {
      for (const subscriber of this.#subscribers) subscriber.ping()
    }, this.#options.pingIntervalMs)
    this.#timer.unref()
  }

  #stopPings(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
