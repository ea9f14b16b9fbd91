import { HubError } from '../error/hub-error.ts'

/** A place in a stream. Positions of different epochs cannot be compared: the stream was lost in between. */
export interface Position {
  /** Strictly increases within an epoch; 0 is before the first publication. */
  readonly offset: number
  /** Opaque id of the stream's incarnation: letters, digits, `-` and `_`, 1 to 64 of them. */
  readonly epoch: string
}

const EPOCH = /^[A-Za-z0-9_-]{1,64}$/
const POSITION = /^([A-Za-z0-9_-]{1,64}):(\d{1,16})$/

/** `EPOCH:OFFSET`, as URLs, SSE ids and entity tags carry it. */
export function encodePosition({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`
}

/** Reads what `encodePosition` writes. Throws `HubError` `ERR_POSITION` for anything else. */
export function parsePosition(text: string): Position {
  const match = POSITION.exec(text)
  const offset = Number(match?.[2])
  if (match !== null && Number.isSafeInteger(offset)) return { epoch: match[1] as string, offset }
  throw new HubError(
    'ERR_POSITION',
    `${JSON.stringify(text.slice(0, 100))} is no position. A position is EPOCH:OFFSET, as publications carry it.`,
  )
}

/** Whether a stream's epoch could be this text. */
export function isEpoch(text: string): boolean {
  return EPOCH.test(text)
}
