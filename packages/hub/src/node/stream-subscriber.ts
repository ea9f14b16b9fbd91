import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Subscriber } from '../channel/subscriber.ts'
import type { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'
import { describeForClients } from './http-answer.ts'
import type { StreamFailure, StreamFormat } from './stream-format.ts'
import type { StreamedResponse } from './streamed-response.ts'

/** One channel as the body of a response. */
export class StreamSubscriber implements Subscriber<Buffer> {
  readonly codec: PublicationCodec<Buffer>
  readonly #stream: StreamedResponse
  readonly #format: StreamFormat
  readonly #maxQueuedBytes: number
  readonly #ended: (isSlow: boolean) => void
  #hasDelivered = false
  #hasEnded = false

  /** `ended` is told once, when nothing more will be written. */
  constructor(
    stream: StreamedResponse,
    format: StreamFormat,
    maxQueuedBytes: number,
    ended: (isSlow: boolean) => void,
  ) {
    this.codec = format.codec
    this.#stream = stream
    this.#format = format
    this.#maxQueuedBytes = maxQueuedBytes
    this.#ended = ended
  }

  deliver(encoded: Buffer): void {
    if (this.#hasEnded) return
    // One publication always goes, so that a stream which comes back and back gets further every time.
    if (!this.#hasDelivered) this.#stream.write(encoded)
    // What is queued may still be read; what is missed is recovered when the client comes back with its position.
    else if (!this.#stream.offer(encoded, this.#maxQueuedBytes)) this.#end(true)
    this.#hasDelivered = true
  }

  gap(gap: Gap): void {
    this.#stream.write(this.#format.encodeGap(gap))
  }

  live(position: Position | undefined, recovered: number): void {
    this.#stream.write(this.#format.encodeLive(position, recovered))
  }

  failed(error: HubError): void {
    this.fail({ code: error.code, message: describeForClients(error) })
  }

  /** Ends the stream, and says why. */
  fail(failure: StreamFailure): void {
    this.#stream.write(this.#format.encodeFailure(failure))
    this.#end(false)
  }

  /** Ends the stream behind what is queued; the client comes back by itself, after `retryMs` if that is said. */
  end(retryMs?: number): void {
    if (retryMs !== undefined) this.#stream.write(this.#format.encodeRetry(retryMs))
    this.#end(false)
  }

  /** Breaks the silence. */
  keepAlive(): void {
    this.#stream.keepAlive(this.#format.keepAlive)
  }

  #end(isSlow: boolean): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#ended(isSlow)
    this.#stream.end()
  }
}
