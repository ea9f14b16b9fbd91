import { encodePacket, type Json, type PublicationPacket } from '@wigwag/protocol'
import type { PublicationCodec } from '../channel/publication-codec.ts'
import type { Publication, PublicationData } from '../publication/publication.ts'
import type { EncodedPacket } from './encoded-packet.ts'

/** What the host lends to write packets. */
export interface PacketPorts {
  /** Makes a packet that goes to many. */
  readonly prepare: (text: string) => EncodedPacket
  readonly toBase64: (bytes: Uint8Array) => string
}

/** How sessions have publications written, and who came and went: as pushes, each once for all of them. */
export function createSessionCodec({ prepare, toBase64 }: PacketPorts): PublicationCodec<EncodedPacket> {
  return {
    encode: (publication) => {
      const { channel } = publication
      return prepare(encodePacket({ push: { channel, pub: livePacket(publication, toBase64) } }))
    },
    encodeAnnouncement: (channel, kind, info) => {
      const push = kind === 'join' ? { channel, join: { info } } : { channel, leave: { info } }
      return prepare(encodePacket({ push }))
    },
  }
}

/** A publication in the reply to a command. */
export function publicationPacket(
  publication: Publication,
  toBase64: (bytes: Uint8Array) => string,
): PublicationPacket {
  return { ...livePacket(publication, toBase64), time: publication.time }
}

function livePacket(publication: Publication, toBase64: (bytes: Uint8Array) => string): PublicationPacket {
  const { position, info, tags } = publication
  const data = jsonOf(publication.data, toBase64)
  if (position === undefined && info === undefined && tags === undefined) return { data }
  return { data, ...(position && { offset: position.offset }), ...(info && { info }), ...(tags && { tags }) }
}

/** JSON carries no bytes: they go as base64, a string. */
function jsonOf(data: PublicationData, toBase64: (bytes: Uint8Array) => string): Json {
  return data instanceof Uint8Array ? toBase64(data) : data
}
