import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Position } from '../publication/position.ts'
import type { Gap } from '../publication/publication.ts'

/** Why a stream ends that would have gone on. */
export interface StreamFailure {
  /** A name for programs. */
  readonly code: string
  /** What happened, for people. */
  readonly message: string
}

/** How a stream of one channel says what it has to say. */
export interface StreamFormat {
  readonly contentType: string
  readonly codec: PublicationCodec<Buffer>
  /** What silence is broken with, so that nobody takes it for an end. */
  readonly keepAlive: string
  /** How long to wait before coming back, in milliseconds. */
  encodeRetry(retryMs: number): string
  /** What cannot be recovered. */
  encodeGap(gap: Gap): string
  /** Where recovery ends, and where to resume from before anything else has come. */
  encodeLive(position: Position | undefined, recovered: number): string
  /** Why it ends. */
  encodeFailure(failure: StreamFailure): string
}
