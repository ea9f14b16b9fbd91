import type { ClientInfo } from '@wigwag/protocol'
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

/** What goes along with a publication's data, wherever that goes. */
export interface PublicationDetails {
  /** The session that published it; left out when the server did. */
  readonly info?: ClientInfo
  /** What the publisher says of it beside the data, for programs that filter or trace: at most 32, of 4096 bytes together. */
  readonly tags?: Readonly<Record<string, string>>
}

/** One publication as the broker stored it. */
export interface Publication<Data = PublicationData> extends PublicationDetails {
  readonly channel: string
  readonly data: Data
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

/** A publication that was stored, or that is told without being stored. */
export function createPublication(
  channel: string,
  data: PublicationData,
  time: number,
  position: Position | undefined,
  { info, tags }: PublicationDetails,
): Publication {
  if (info === undefined && tags === undefined) return { channel, data, time, position }
  return { channel, data, time, position, ...(info && { info }), ...(tags && { tags }) }
}
