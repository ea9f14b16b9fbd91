import type { Position, PublicationData } from '@wigwag/hub'
import { decodeStoredData } from './stored-data.ts'

/** What the publishing script sends to subscribed nodes: EPOCH:OFFSET:TIME:DATA, without epoch and offset where no history is kept. */
export interface LiveMessage {
  readonly position: Position | undefined
  readonly time: number
  readonly data: PublicationData
}

const COLON = 0x3a
const HEAD = /^(?:([A-Za-z0-9_-]{1,64}):([1-9]\d{0,15})|:):(\d{1,16})$/

/** Reads a live message. Throws for anything else: whoever reaches Redis can send to its channels. */
export function decodeLiveMessage(message: Buffer): LiveMessage {
  const second = message.indexOf(COLON, message.indexOf(COLON) + 1)
  const third = message.indexOf(COLON, second + 1)
  const head = HEAD.exec(message.toString('latin1', 0, Math.max(0, third)))
  if (head === null) throw notOurs()
  const [, epoch, offset, time] = head
  const position = epoch === undefined ? undefined : { epoch, offset: Number(offset) }
  if (position !== undefined && !Number.isSafeInteger(position.offset)) throw notOurs()
  return { position, time: Number(time), data: decodeStoredData(message.subarray(third + 1)) }
}

function notOurs(): Error {
  return new Error('This was not published by Wigwag.')
}
