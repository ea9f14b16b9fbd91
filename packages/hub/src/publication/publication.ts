import type { Position } from './position.ts'

/** Whatever JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** What is published: a JSON value (text is a string), or bytes. */
export type PublicationData = JsonValue | Uint8Array

/** One publication as the broker stored it. */
export interface Publication {
  readonly channel: string
  readonly data: PublicationData
  /** When it was stored, in milliseconds since 1970. */
  readonly time: number
  /** Its place in the channel's stream; none where no history is kept. */
  readonly position: Position | undefined
  /** Delivered by this node alone, because the broker is away and the channel keeps no history. */
  readonly degraded?: true
}

/** A stretch of a stream that cannot be recovered. What is delivered next comes after it. */
export interface Gap {
  /**
   * `'epoch-changed'`: the stream was lost, as a memory broker's is when its process restarts.
   * `'history-expired'`: the history does not reach back far enough, by size or by age.
   * `'no-history'`: the channel keeps none, so nobody can tell what was missed.
   */
  readonly reason: 'epoch-changed' | 'history-expired' | 'no-history'
  /** From where recovery was asked. */
  readonly after: Position
  /** Where the stream stands now; nowhere when there is no history. */
  readonly position: Position | undefined
}
