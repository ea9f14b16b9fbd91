import { constants as zlib } from 'node:zlib'
import { ProtocolError, type Role, type WigwagError } from '@wigwag/socket/core'

/** An error as programs know it from `ws`: what the core found is its `cause`. */
type WsError = Error & { code?: string; errno?: number }

type Row = readonly [
  code: string,
  text: string | ((found: WigwagError, role: Role) => string),
  constructor?: ErrorConstructor,
  errno?: number,
]

const TOO_LARGE: Row = ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'Max payload size exceeded']
const TOO_MANY: Row = ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 'Too many message fragments']
const NOT_UTF8: Row = ['WS_ERR_INVALID_UTF8', 'Invalid WebSocket frame: invalid UTF-8 sequence', Error]
const LENGTH = 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'
const OPCODE = 'WS_ERR_INVALID_OPCODE'

/** By the core's code: the code and the text of `ws`, and the constructor where it is no `RangeError`. */
const ROWS: Readonly<Record<string, Row>> = {
  ERR_FRAME_RESERVED_OPCODE: [OPCODE, (found) => `Invalid WebSocket frame: invalid opcode ${receivedIn(found)}`],
  ERR_MESSAGE_INTERLEAVED: [OPCODE, (found) => `Invalid WebSocket frame: invalid opcode ${receivedIn(found)}`],
  ERR_MESSAGE_UNEXPECTED_CONTINUATION: [OPCODE, 'Invalid WebSocket frame: invalid opcode 0'],
  ERR_FRAME_CONTROL_FRAGMENTED: ['WS_ERR_EXPECTED_FIN', 'Invalid WebSocket frame: FIN must be set'],
  ERR_FRAME_CONTROL_TOO_LARGE: [LENGTH, 'Invalid WebSocket frame: invalid payload length 126'],
  ERR_CLOSE_PAYLOAD: [LENGTH, 'Invalid WebSocket frame: invalid payload length 1'],
  ERR_CLOSE_CODE: [
    'WS_ERR_INVALID_CLOSE_CODE',
    (found) => `Invalid WebSocket frame: invalid status code ${receivedIn(found)}`,
  ],
  ERR_CLOSE_REASON: NOT_UTF8,
  ERR_MESSAGE_UTF8: NOT_UTF8,
  ERR_FRAME_TOO_LARGE: TOO_LARGE,
  ERR_MESSAGE_TOO_LARGE: TOO_LARGE,
  ERR_FRAME_LENGTH: ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', (found) => `Invalid WebSocket frame: ${found.message}`],
  ERR_MESSAGE_TOO_MANY_FRAGMENTS: TOO_MANY,
  ERR_MESSAGE_COMPRESSION: ['Z_DATA_ERROR', (found) => found.message, Error, zlib.Z_DATA_ERROR],
}

/** The error that `ws` emits for what the core found. What it has no word for stays as it is. */
export function toWsError(found: WigwagError, role: Role): WsError {
  const row = rowFor(found, role)
  if (row === undefined) return found
  const [code, text, ErrorClass = RangeError, errno] = row
  const message = typeof text === 'string' ? text : text(found, role)
  return Object.assign(new ErrorClass(message, { cause: found }), errno === undefined ? { code } : { code, errno })
}

function rowFor(found: WigwagError, role: Role): Row | undefined {
  if (found.code === 'ERR_FRAME_RESERVED_BITS') {
    return (receivedIn(found) & 3) !== 0 // RSV2 and RSV3
      ? ['WS_ERR_UNEXPECTED_RSV_2_3', 'Invalid WebSocket frame: RSV2 and RSV3 must be clear']
      : ['WS_ERR_UNEXPECTED_RSV_1', 'Invalid WebSocket frame: RSV1 must be clear']
  }
  if (found.code === 'ERR_FRAME_MASKING') {
    return role === 'server'
      ? ['WS_ERR_EXPECTED_MASK', 'Invalid WebSocket frame: MASK must be set']
      : ['WS_ERR_UNEXPECTED_MASK', 'Invalid WebSocket frame: MASK must be clear']
  }
  return ROWS[found.code]
}

/** The opcode, the reserved bits or the close code that came. */
function receivedIn(found: WigwagError): number {
  return (found instanceof ProtocolError ? found.received : undefined) ?? Number.NaN
}
