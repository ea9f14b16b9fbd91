import type { IncomingMessage } from 'node:http'
import {
  HeaderFields,
  isWebSocketKey,
  judgeUpgrade,
  type RequestHead,
  type UpgradeOffer,
  type UpgradeVerdict,
} from '@wigwag/socket/core'

/** Why an upgrade is refused, in the words of `ws` as far as it has some. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

/** Who may ask is the program's to decide: with `verifyClient`, or before it calls `handleUpgrade`. */
const POLICY = { origins: 'any', hosts: 'any' } as const

/** The core's verdict on an upgrade request: nothing else decides whether it is one. */
export function judgeRequest(incoming: IncomingMessage): UpgradeVerdict {
  return judgeUpgrade(headOf(incoming), POLICY)
}

/**
 * The same for a head that no program has seen yet. `undefined` when there is anything to refuse, or that `ws` might: the
 * words for it are found with the request.
 */
export function judgeHead(head: RequestHead): UpgradeOffer | undefined {
  if (head.headers.get('upgrade')?.toLowerCase() !== 'websocket') return undefined
  const verdict = judgeUpgrade(head, POLICY)
  return verdict.ok ? verdict.offer : undefined
}

/** The words for a verdict. `undefined` for one that has to do with no header of the first four. */
export function describeBasicFault({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'GET') return refuse(405, 'Invalid HTTP method')
  if (headers.upgrade?.toLowerCase() !== 'websocket') return refuse(400, 'Invalid Upgrade header')
  if (!isWebSocketKey(headers['sec-websocket-key'] ?? ''))
    return refuse(400, 'Missing or invalid Sec-WebSocket-Key header')
  if (String(headers['sec-websocket-version']) === '13') return undefined
  return refuse(400, 'Missing or invalid Sec-WebSocket-Version header', { 'Sec-WebSocket-Version': '13' })
}

/** The words for every other verdict: the core's own where `ws` knows no such rule. */
export function describeFault(verdict: UpgradeVerdict & { readonly ok: false }): Refusal {
  const { status, message, headers, fault } = verdict.refusal
  if (fault === 'sec-websocket-protocol') return refuse(400, 'Invalid Sec-WebSocket-Protocol header')
  if (fault === 'sec-websocket-extensions') {
    return refuse(400, 'Invalid or unacceptable Sec-WebSocket-Extensions header')
  }
  // It may repeat what the client sent: that must not be taken for markup.
  return { status, message, headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8' } }
}

function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { status, message, headers }
}

function headOf(incoming: IncomingMessage): RequestHead {
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    httpVersion: incoming.httpVersion ?? '1.1',
    headers: fieldsOf(incoming),
  }
}

/**
 * The header lines as they came, which shows a header that is there twice; but where a program has changed or removed a
 * header of the request, what it made of it.
 */
function fieldsOf({ headers, rawHeaders }: IncomingMessage): HeaderFields {
  const raw = new HeaderFields(rawHeaders ?? [])
  if (headers.host !== undefined && areUnchanged(headers, rawHeaders)) return raw
  const fields = new HeaderFields()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const lines = raw.all(name)
    const unchanged = lines[0] === value || lines.join(', ') === value || Array.isArray(value)
    for (const line of unchanged && lines.length > 0 ? lines : [String(value)]) fields.append(name, line)
  }
  // Nobody here asks for a host, so there may be none, although RFC 9112 §3.2 wants one: clients by hand leave it out, and so
  // do the tests and `injectWS` of @fastify/websocket.
  if (fields.get('host') === undefined) fields.append('Host', 'localhost')
  return fields
}

/** Whether every header is what its one line says. Mostly it is so, and then nothing has to be put together. */
function areUnchanged(headers: IncomingMessage['headers'], rawHeaders: readonly string[] | undefined): boolean {
  if (rawHeaders === undefined) return false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (headers[(rawHeaders[i] as string).toLowerCase()] !== rawHeaders[i + 1]) return false
  }
  let names = 0
  for (const _name in headers) names++
  return names * 2 === rawHeaders.length
}
