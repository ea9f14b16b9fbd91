import type { ClientInfo } from './client-info.ts'
import type { Json } from './json.ts'

/** A publication as packets carry it. */
export interface PublicationPacket {
  readonly data: Json
  /** Its place in the stream; absent where no history is kept. */
  readonly offset?: number
  /** The session that published it; absent when the server did. */
  readonly info?: ClientInfo
  readonly tags?: Readonly<Record<string, string>>
  /** When it was stored, in milliseconds since 1970. */
  readonly time?: number
  /** The channel, where one packet carries publications of several. */
  readonly channel?: string
}
