import type { ClientInfo } from '@wigwag/protocol'
import type { Announcement } from '../broker/broker.ts'
import type { Publication } from '../publication/publication.ts'

/** How a kind of transport writes a publication. One codec serves all its subscribers, so each publication is encoded once. */
export interface PublicationCodec<Encoded> {
  encode(publication: Publication): Encoded
  /** How it writes who came or went. Absent: its subscribers are not told. */
  encodeAnnouncement?(channel: string, kind: Announcement, info: ClientInfo): Encoded
}
