/** One line of the `wigwag.publication.v1` subprotocol, parsed at the door. */

export interface Position {
  readonly epoch: string
  readonly offset: number
}

export type PublicationData =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'json'; readonly text: string }
  | { readonly type: 'binary'; readonly base64: string; readonly sizeBytes: number }

export interface Publication {
  /** None where the channel keeps no history. */
  readonly position: Position | undefined
  readonly timeMs: number
  readonly data: PublicationData
}

export type StreamLine =
  | { readonly type: 'publication'; readonly publication: Publication }
  | { readonly type: 'gap'; readonly reason: string; readonly after: Position }
  | { readonly type: 'live'; readonly position: Position | undefined; readonly recovered: number }
  /** Something a newer server may say. It is no error not to know it. */
  | { readonly type: 'unknown' }

export type ParsedLine =
  | { readonly ok: true; readonly line: StreamLine }
  | { readonly ok: false; readonly problem: string }

export function parseStreamLine(text: string): ParsedLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, problem: 'it is not JSON' }
  }
  if (!isRecord(value)) return { ok: false, problem: 'it is not a JSON object' }
  const { gap, live } = value
  if (gap !== undefined) return parseGap(gap)
  if (live !== undefined) return parseLive(live)
  if ('data' in value || 'b64data' in value) return parsePublication(value)
  return { ok: true, line: { type: 'unknown' } }
}

/** `EPOCH:OFFSET`. The epoch is opaque; only the last colon separates. */
export function parsePosition(text: unknown): Position | undefined {
  if (typeof text !== 'string') return undefined
  const colon = text.lastIndexOf(':')
  const digits = text.slice(colon + 1)
  if (colon < 0 || !/^\d+$/.test(digits)) return undefined
  return { epoch: text.slice(0, colon), offset: Number(digits) }
}

export function encodePosition({ epoch, offset }: Position): string {
  return `${epoch}:${offset}`
}

function parseGap(gap: unknown): ParsedLine {
  const { reason, after } = isRecord(gap) ? gap : {}
  const position = parsePosition(after)
  if (position === undefined) return { ok: false, problem: 'its gap has no valid "after"' }
  return { ok: true, line: { type: 'gap', reason: typeof reason === 'string' ? reason : '', after: position } }
}

function parseLive(live: unknown): ParsedLine {
  if (!isRecord(live)) return { ok: false, problem: 'its live line is not an object' }
  const { position: where, recovered } = live
  const position = parsePosition(where)
  if (position === undefined && where !== undefined) {
    return { ok: false, problem: 'its live line has no valid "position"' }
  }
  return { ok: true, line: { type: 'live', position, recovered: typeof recovered === 'number' ? recovered : 0 } }
}

function parsePublication(value: Record<string, unknown>): ParsedLine {
  const { offset, epoch, time, data, b64data } = value
  if (typeof time !== 'number') return { ok: false, problem: 'its publication has no time' }
  if (data === undefined && typeof b64data !== 'string') return { ok: false, problem: 'its bytes are not in base64' }
  const position = typeof offset === 'number' && typeof epoch === 'string' ? { epoch, offset } : undefined
  return { ok: true, line: { type: 'publication', publication: { position, timeMs: time, data: parseData(value) } } }
}

function parseData({ data, b64data: base64 }: Record<string, unknown>): PublicationData {
  if (typeof base64 === 'string') {
    return { type: 'binary', base64, sizeBytes: Math.floor((base64.replace(/={1,2}$/, '').length * 3) / 4) }
  }
  return typeof data === 'string' ? { type: 'text', text: data } : { type: 'json', text: JSON.stringify(data, null, 2) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
