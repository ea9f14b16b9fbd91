import type { CommandPacket } from '../packet/command.ts'
import type { PushPacket } from '../packet/push.ts'
import type { ReplyPacket } from '../packet/reply.ts'

/** The hub's ping, and the client's answer to it. */
export const PING_PACKET = '{}'

/** Writes one packet as a line without its end. Joined by `\n`, several make one message. */
export function encodePacket(packet: CommandPacket | ReplyPacket | PushPacket): string {
  return JSON.stringify(packet)
}
