import type { IncomingMessage } from 'node:http'
import { type ClientHandshake, HeaderFields, ProtocolError, type UpgradeAgreement } from '@wigwag/socket/core'

/** What the client asked for. */
export interface Asked {
  readonly handshake: ClientHandshake
  readonly subprotocols: readonly string[]
  /** Whether it offered an extension. */
  readonly extensions: boolean
}

/** What was agreed, or the error in the words of `ws`. The core judges; this finds the words. */
export function judgeResponse(response: IncomingMessage, asked: Asked): UpgradeAgreement | Error {
  const judged = asked.handshake.judge({
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    httpVersion: response.httpVersion,
    headers: new HeaderFields(response.rawHeaders),
  })
  if (judged instanceof ProtocolError) {
    return new Error(faultOf(judged, response, asked) ?? judged.message, { cause: judged })
  }
  // WHATWG: who asks for subprotocols and gets none cannot go on. RFC 6455 leaves it open.
  if (asked.subprotocols.length > 0 && judged.subprotocol === undefined) return new Error('Server sent no subprotocol')
  return judged
}

function faultOf(judged: ProtocolError, { headers }: IncomingMessage, asked: Asked): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header'
  if (judged.message.includes('Sec-WebSocket-Accept')) return 'Invalid Sec-WebSocket-Accept header'
  if (judged.message.includes('subprotocol')) {
    return asked.subprotocols.length === 0
      ? 'Server sent a subprotocol but none was requested'
      : 'Server sent an invalid subprotocol'
  }
  if (headers['sec-websocket-extensions'] === undefined) return undefined
  if (!asked.extensions) return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'
  if (judged.message.includes('was not offered')) return 'Server indicated an extension that was not requested'
  return judged.message.includes('xtension') ? 'Invalid Sec-WebSocket-Extensions header' : undefined
}
