import { encodePosition, type Position } from './position.ts'
import type { Gap, Publication } from './publication.ts'

/** The subprotocol whose messages are these lines. */
export const PUBLICATION_SUBPROTOCOL = 'wigwag.publication.v1'

/** A publication as one line of JSON: `{offset, epoch, time, tags, data}`; bytes come as `b64data` in base64. */
export function encodePublicationLine(
  { data, time, position, degraded, tags }: Publication,
  toBase64: (bytes: Uint8Array) => string,
): string {
  const content = data instanceof Uint8Array ? { b64data: toBase64(data) } : { data }
  return JSON.stringify({ offset: position?.offset, epoch: position?.epoch, time, degraded, tags, ...content })
}

/** A gap as one line: `{gap: {reason, after, position}}`. */
export function encodeGapLine(gap: Gap): string {
  return JSON.stringify({ gap: describeGap(gap) })
}

/** A gap with its positions as strings. */
export function describeGap({ reason, after, position }: Gap): Readonly<Record<string, string | undefined>> {
  return { reason, after: encodePosition(after), position: position && encodePosition(position) }
}

/** Where recovery ends, as one line: `{live: {position, recovered}}`. Lines before it were recovered, lines after it are live. */
export function encodeLiveLine(position: Position | undefined, recovered: number): string {
  return JSON.stringify({ live: { position: position && encodePosition(position), recovered } })
}
