import { utf8Bytes } from '../publication/utf8-bytes.ts'

/** A packet as it goes to many, encoded once: a `PreparedMessage` is one. */
export interface EncodedPacket {
  readonly data: string | Uint8Array
}

/** How many bytes a packet takes, text as UTF-8. */
export function packetBytes(packet: EncodedPacket | string): number {
  const data = typeof packet === 'string' ? packet : packet.data
  return typeof data === 'string' ? utf8Bytes(data) : data.byteLength
}
