import type { HubError } from '../error/hub-error.ts'
import type { Position } from '../publication/position.ts'
import type { Gap, Publication } from '../publication/publication.ts'
import type { EncodeOnce } from './encode-once.ts'
import type { PublicationCodec } from './publication-codec.ts'

/** Who receives a channel: a transport's end of a subscription. Methods are called in order; one that throws fails its own subscription. */
export interface Subscriber<Encoded = unknown> {
  /** How this subscriber wants publications. */
  readonly codec: PublicationCodec<Encoded>
  /** A publication, recovered or live; each exactly once, in the order of offsets. */
  deliver(encoded: Encoded, publication: Publication): void
  /**
   * A recovered publication, for who has no use for its encoding, or asks `once` for it. Absent: `deliver` is told of it,
   * too.
   */
  recovered?(publication: Publication, once: EncodeOnce): void
  /**
   * Something before what is delivered next cannot be recovered. `toldUntilMs` is when the last publication was stored
   * that had been delivered here before the broker went away: of a stream that began anew, what is not younger may come
   * once more, with another position.
   */
  gap(gap: Gap, toldUntilMs: number | undefined): void
  /**
   * Recovery is done: `recovered` publications were, and the stream stands at `position`. Told once more when the broker
   * was away meanwhile and the subscription has recovered from that.
   */
  live(position: Position | undefined, recovered: number): void
  /** The subscription could not start, or cannot go on. Nothing more will be told. */
  failed(error: HubError): void
  /** Somebody came or went, as the codec writes it. Told only between publications that are live. */
  announced?(encoded: Encoded): void
}
