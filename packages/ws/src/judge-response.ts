import type { IncomingMessage } from 'node:http'
import {
  type ClientHandshake,
  HeaderFields,
  ProtocolError,
  parseExtensions,
  type UpgradeAgreement,
} from '@wigwag/socket/core'
import { PerMessageDeflate } from './per-message-deflate.ts'

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
  if (judged.header === 'sec-websocket-accept') return 'Invalid Sec-WebSocket-Accept header'
  if (judged.header === 'sec-websocket-protocol') {
    return asked.subprotocols.length === 0
      ? 'Server sent a subprotocol but none was requested'
      : 'Server sent an invalid subprotocol'
  }
  const extensions = headers['sec-websocket-extensions']
  if (extensions === undefined) return undefined
  if (!asked.extensions) return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'
  if (judged.header !== 'sec-websocket-extensions') return undefined
  const answered = parseExtensions(extensions)
  const isOther = 'offers' in answered && answered.offers.some(({ name }) => name !== PerMessageDeflate.extensionName)
  return isOther ? 'Server indicated an extension that was not requested' : 'Invalid Sec-WebSocket-Extensions header'
}
