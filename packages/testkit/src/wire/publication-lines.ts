import { readPosition, type Told } from './wire-reader.ts'

/** One line of `wigwag.publication.v1`, of an NDJSON stream, or one member of a poll's array. */
export interface PublicationLine {
  readonly offset?: number
  readonly epoch?: string
  readonly data?: unknown
  readonly b64data?: string
  readonly gap?: { readonly reason: string; readonly position?: string }
  readonly live?: { readonly position?: string }
}

/** What a line tells. */
export function toldOfLine(line: PublicationLine): Told {
  const { offset, epoch, data, b64data, gap, live } = line
  if (gap !== undefined) return { kind: 'gap', reason: gap.reason }
  if (live !== undefined) {
    return { kind: 'standing', position: live.position === undefined ? undefined : readPosition(live.position) }
  }
  return {
    kind: 'publication',
    data: b64data === undefined ? textOf(data) : new Uint8Array(Buffer.from(b64data, 'base64')),
    position: offset === undefined || epoch === undefined ? undefined : { offset, epoch },
  }
}

/** JSON as its text; a string as itself. */
export function textOf(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data)
}
