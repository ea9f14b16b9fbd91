import { CloseCode } from '../error/close-code.ts'
import { ProtocolError } from '../error/wigwag-error.ts'
import { isControlOpcode, Opcode } from './opcode.ts'
import type { Role } from './role.ts'

/** What a frame header must obey whatever came before it. Rules about a message's fragments live with the message. */
export interface FrameRules {
  /** Our role: a server demands masked frames, a client unmasked ones (RFC 6455 §5.1). */
  readonly role: Role
  /** Largest payload of one frame, in bytes. */
  readonly maxFrameBytes: number
  /** The reserved bits to which negotiated extensions give a meaning on the first frame of a message: RSV1 is 4, RSV2 2, RSV3 1. */
  readonly reservedBits: number
}

/** Rules for the first two bytes of a header. Returns the fault, or nothing. */
export function checkFirstBytes(first: number, second: number, rules: FrameRules): ProtocolError | undefined {
  const opcode = first & 0x0f
  const control = isControlOpcode(opcode)
  const bits = (first >> 4) & 7
  if (bits !== 0 && ((bits & ~rules.reservedBits) !== 0 || control || opcode === 0)) return reservedBits(first)
  if (control ? opcode > Opcode.pong : opcode > Opcode.binary) return reservedOpcode(opcode)
  if (control && (first & 0x80) === 0) return controlFragmented()
  if (control && (second & 0x7f) > 125) return controlTooLarge()
  if ((second & 0x80) === 0 ? rules.role === 'server' : rules.role === 'client') return wrongMasking(rules.role)
  return undefined
}

/** Rules for the extended length. `high` and `low` are its 32-bit halves; for the 16-bit form `high` is 0. */
export function checkExtendedLength(shortLength: 126 | 127, high: number, low: number): ProtocolError | undefined {
  // §5.2: the minimal number of bytes MUST be used, and the most significant bit MUST be 0.
  const minimal = shortLength === 126 ? low > 125 : high > 0 || low > 0xffff
  if (minimal && high < 0x8000_0000) return undefined
  const why = minimal ? 'has its most significant bit set' : 'is not in its shortest form'
  return new ProtocolError(
    'ERR_FRAME_LENGTH',
    `Received a frame length that ${why}, which RFC 6455 §5.2 forbids. The peer encodes frame lengths wrongly.`,
    CloseCode.protocolError,
  )
}

/** The limit on one frame's payload, checked before any of it is read. */
export function checkFrameBytes(payloadBytes: number, rules: FrameRules): ProtocolError | undefined {
  if (payloadBytes <= rules.maxFrameBytes) return undefined
  return new ProtocolError(
    'ERR_FRAME_TOO_LARGE',
    `Received a frame of ${payloadBytes} bytes; maxFrameBytes is ${rules.maxFrameBytes}. ` +
      'Send smaller frames, or raise maxFrameBytes.',
    CloseCode.messageTooBig,
    { received: payloadBytes },
  )
}

function reservedBits(first: number): ProtocolError {
  const bits = [first & 0x40 && 'RSV1', first & 0x20 && 'RSV2', first & 0x10 && 'RSV3'].filter(Boolean).join(' and ')
  return new ProtocolError(
    'ERR_FRAME_RESERVED_BITS',
    `Received a frame with ${bits} set, to which no negotiated extension gives a meaning here (RFC 6455 §5.2).`,
    CloseCode.protocolError,
    { received: (first >> 4) & 7 },
  )
}

function reservedOpcode(opcode: number): ProtocolError {
  return new ProtocolError(
    'ERR_FRAME_RESERVED_OPCODE',
    `Received opcode 0x${opcode.toString(16)}, which RFC 6455 §5.2 reserves. ` +
      'Check that the peer speaks WebSocket and that no proxy rewrites the stream.',
    CloseCode.protocolError,
    { received: opcode },
  )
}

function controlFragmented(): ProtocolError {
  return new ProtocolError(
    'ERR_FRAME_CONTROL_FRAGMENTED',
    'Received a control frame without FIN: control frames must not be fragmented (RFC 6455 §5.5).',
    CloseCode.protocolError,
  )
}

function controlTooLarge(): ProtocolError {
  return new ProtocolError(
    'ERR_FRAME_CONTROL_TOO_LARGE',
    'Received a control frame with more than 125 bytes of payload (RFC 6455 §5.5).',
    CloseCode.protocolError,
  )
}

function wrongMasking(role: Role): ProtocolError {
  return new ProtocolError(
    'ERR_FRAME_MASKING',
    role === 'server'
      ? 'Received an unmasked frame: a client must mask every frame (RFC 6455 §5.1).'
      : 'Received a masked frame: a server must not mask (RFC 6455 §5.1).',
    CloseCode.protocolError,
  )
}
