import type { ServerResponse } from 'node:http'
import type { Departure, Drainable } from '../drain/drainable.ts'
import type { Hub } from '../hub.ts'
import type { Position } from '../publication/position.ts'
import { EXPIRED_FAILURE } from './credentials-expired.ts'
import { Expirations } from './expirations.ts'
import { OpenResponses } from './open-responses.ts'
import { StreamFlushes } from './stream-flushes.ts'
import type { StreamFormat } from './stream-format.ts'
import { StreamSubscriber } from './stream-subscriber.ts'
import { StreamedResponse, streamHeaders } from './streamed-response.ts'

/** How long a client waits before it comes back, in milliseconds, where nothing speaks for more. */
const MIN_RETRY_MS = 1000
/** Among how much time those who come back are spread, in milliseconds: however few they are, and however many. */
const MIN_SPREAD_MS = 500
const MAX_SPREAD_MS = 30_000

/** What a stream is bounded by. */
export interface StreamOptions {
  readonly maxQueuedBytes: number
  readonly pingIntervalMs: number
  /** How long a stream that was ended may stand still with what is queued, in milliseconds, before its connection is dropped. Default 10,000. */
  readonly closeTimeoutMs?: number
}

/** All streams of an endpoint that are of one format: responses that go on until either side ends them. */
export class StreamTransport implements Drainable {
  readonly #hub: Hub
  readonly #options: StreamOptions
  readonly #format: StreamFormat
  readonly #expirations: Expirations
  readonly #subscribers = new Set<StreamSubscriber>()
  readonly #responses = new OpenResponses()
  readonly #flushes = new StreamFlushes()
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  #closed = false

  constructor(hub: Hub, options: StreamOptions, format: StreamFormat, expirations: Expirations = new Expirations()) {
    this.#hub = hub
    this.#options = options
    this.#format = format
    this.#expirations = expirations
  }

  /** Streams that are open, and streams ended because they were read too slowly. */
  get stats(): { readonly open: number; readonly dropped: number } {
    return { open: this.#subscribers.size, dropped: this.#dropped }
  }

  /**
   * Answers with the channel's publications, from now on or from behind `after`, until either side ends it, or the
   * credentials expire with which it was asked for. Throws as `Hub.subscribe` does.
   */
  open(response: ServerResponse, channel: string, after: Position | undefined, expiresAt?: number): void {
    let leave = (): void => {}
    const { maxQueuedBytes } = this.#options
    const stream = new StreamedResponse(response, this.#flushes, this.#options)
    const subscriber = new StreamSubscriber(stream, this.#format, maxQueuedBytes, (isSlow) => {
      if (isSlow) this.#dropped++
      leave()
    })
    // First, so that a failure can still be answered; nothing is told before this turn is over.
    if (!this.#closed) leave = this.#subscribe(channel, subscriber, after, expiresAt)
    stream.begin(this.#format.contentType, this.#format.encodeRetry(this.#adviseRetryMs()))
    this.#responses.add(response, leave)
    // To a browser any other answer would mean not to come back.
    if (this.#closed) subscriber.end()
  }

  /** Answers with the head alone of such a stream. */
  answerHead(response: ServerResponse): void {
    response.writeHead(200, streamHeaders(this.#format.contentType)).end()
  }

  /** Takes no more. Each stream ends with advice when to come back, which browsers follow. */
  beginDrain(): Departure[] {
    this.#closed = true
    return [...this.#subscribers].map(
      (subscriber): Departure =>
        (delayMs) =>
          subscriber.end(Math.max(MIN_RETRY_MS, delayMs)),
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

  /**
   * When a client is to come back that finds its stream cut: all of them at once would be a herd. As many as there are
   * come back no faster than sessions are let in.
   */
  #adviseRetryMs(): number {
    const spreadMs = (this.#subscribers.size * 1000) / this.#hub.maxArrivalsPerSecond
    const boundedMs = Math.min(MAX_SPREAD_MS, Math.max(MIN_SPREAD_MS, spreadMs))
    return MIN_RETRY_MS + Math.floor(Math.random() * boundedMs)
  }

  /** Returns the function that ends the subscription. */
  #subscribe(
    channel: string,
    subscriber: StreamSubscriber,
    after: Position | undefined,
    expiresAt: number | undefined,
  ): () => void {
    const subscription = this.#hub.subscribe(channel, subscriber, after)
    const forget = this.#expirations.put(expiresAt, () => subscriber.fail(EXPIRED_FAILURE))
    this.#subscribers.add(subscriber)
    this.#startKeepingAlive()
    return () => {
      forget()
      this.#hub.unsubscribe(channel, subscription)
      this.#subscribers.delete(subscriber)
      if (this.#subscribers.size === 0) this.#stopKeepingAlive()
    }
  }

  /** One timer for all streams. */
  #startKeepingAlive(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => {
      for (const subscriber of this.#subscribers) subscriber.keepAlive()
    }, this.#options.pingIntervalMs)
    this.#timer.unref()
  }

  #stopKeepingAlive(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
