import type { Position, PublicationData } from '@wigwag/hub'
import { decodeStoredData } from './stored-data.ts'

/** What the publishing script sends to subscribed nodes: EPOCH:OFFSET:TIME:DATA, without epoch and offset where no history is kept. */
export interface LiveMessage {
  readonly position: Position | undefined
  readonly time: number
  readonly data: PublicationData
}

const COLON = 0x3a

/** Reads a live message. Throws for anything else. */
export function decodeLiveMessage(message: Buffer): LiveMessage {
  const first = message.indexOf(COLON)
  const second = message.indexOf(COLON, first + 1)
  const third = message.indexOf(COLON, second + 1)
  if (first < 0 || second < 0 || third < 0) throw new Error('This was not published by Wigwag.')
  const epoch = message.toString('latin1', 0, first)
  const position = epoch === '' ? undefined : { epoch, offset: Number(message.toString('latin1', first + 1, second)) }
  const time = Number(message.toString('latin1', second + 1, third))
  return { position, time, data: decodeStoredData(message.subarray(third + 1)) }
}
