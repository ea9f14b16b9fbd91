import type { Subscriber } from '../channel/subscriber.ts'
import type { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import type { PollBatch } from './poll-batch.ts'
import { pollCodec } from './poll-codec.ts'

/** What a waiting poll tells its transport. */
export interface WaitingPollHost {
  /** There is something to answer with; more of the same turn may still come. */
  due(): void
  /** There will be nothing. */
  failed(error: HubError): void
}

/** One long poll, from when it finds nothing to answer with until something is published. */
export class WaitingPoll implements Subscriber<Buffer> {
  readonly codec: typeof pollCodec = pollCodec
  readonly #batch: PollBatch
  readonly #host: WaitingPollHost

  constructor(batch: PollBatch, host: WaitingPollHost) {
    this.#batch = batch
    this.#host = host
  }

  deliver(encoded: Buffer, publication: Publication): void {
    // What has no room comes with the next poll.
    this.#batch.add(encoded, publication)
    this.#host.due()
  }

  gap(gap: Gap): void {
    this.#batch.gap = gap
    this.#host.due()
  }

  live(position: Position | undefined): void {
    this.#batch.standAt(position)
  }

  failed(error: HubError): void {
    this.#host.failed(error)
  }
}
