import type { ClientInfo, Json, PublicationPacket } from '@wigwag/protocol'

/** What was published, as it came. */
export interface Publication<Data = Json> {
  readonly channel: string
  readonly data: Data
  /** What kind of message it is: its tag `type`, or else the `type` in its data. */
  readonly type: string | undefined
  /** Its place in the stream; absent where no history is kept. */
  readonly offset: number | undefined
  /** The session that published it; absent when the server did. */
  readonly info: ClientInfo | undefined
  readonly tags: Readonly<Record<string, string>> | undefined
  /** When it was stored, in milliseconds since 1970; only with those that were recovered, and in history. */
  readonly time: number | undefined
}

/** A publication of a packet. */
export function publicationOf<Data>(
  channel: string,
  { data, offset, info, tags, time }: PublicationPacket,
): Publication<Data> {
  return { channel, data: data as Data, type: typeOf(data, tags), offset: offset || undefined, info, tags, time }
}

function typeOf(data: Json, tags: PublicationPacket['tags']): string | undefined {
  const type: unknown = tags?.['type'] ?? (data as { readonly type?: Json } | null)?.type
  return typeof type === 'string' ? type : undefined
}
