import { createPublication, type Publication } from '@wigwag/hub'
import { decodeStoredData } from './stored-data.ts'

const COLON = 0x3a
const HEAD = /^(?:([A-Za-z0-9_-]{1,64}):([1-9]\d{0,15})|:):(\d{1,16})$/

/**
 * Reads what the publishing script sends to subscribed nodes: EPOCH:OFFSET:TIME:DATA, without epoch and offset where no
 * history is kept. Throws for anything else: whoever reaches Redis can send to its channels.
 */
export function decodeLiveMessage(channel: string, message: Buffer): Publication {
  const second = message.indexOf(COLON, message.indexOf(COLON) + 1)
  const third = message.indexOf(COLON, second + 1)
  const head = HEAD.exec(message.toString('latin1', 0, Math.max(0, third)))
  if (head === null) throw notOurs()
  const [, epoch, offset, time] = head
  const position = epoch === undefined ? undefined : { epoch, offset: Number(offset) }
  if (position !== undefined && !Number.isSafeInteger(position.offset)) throw notOurs()
  const stored = decodeStoredData(message.subarray(third + 1))
  return createPublication(channel, stored.data, Number(time), position, stored)
}

function notOurs(): Error {
  return new Error('This was not published by Wigwag.')
}
