import type { PushPacket } from '../packet/push.ts'
import type { ReplyPacket } from '../packet/reply.ts'

/** What a hub says: replies, pushes, and pings (empty objects). */
export type HubPacket = ReplyPacket | PushPacket | { readonly id?: never; readonly push?: never }

/**
 * Reads the packets of one message from the hub: one JSON object a line, empty lines apart. The hub is trusted with
 * their shapes. Returns nothing for what is no JSON.
 */
export function decodePackets(text: string): readonly HubPacket[] | undefined {
  try {
    return text
      .split('\n')
      .filter((line) => line.trim())
      .map((line) => JSON.parse(line) as HubPacket)
  } catch {
    return undefined
  }
}
