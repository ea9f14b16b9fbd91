/** Codes of every error that `@wigwag/socket` reports. The middle word is the room that found the fault. */
export type ErrorCode =
  // Frames, RFC 6455 §5
  | 'ERR_FRAME_RESERVED_BITS'
  | 'ERR_FRAME_RESERVED_OPCODE'
  | 'ERR_FRAME_MASKING'
  | 'ERR_FRAME_LENGTH'
  | 'ERR_FRAME_TOO_LARGE'
  | 'ERR_FRAME_CONTROL_FRAGMENTED'
  | 'ERR_FRAME_CONTROL_TOO_LARGE'
  // Messages, RFC 6455 §5.4 and §8.1
  | 'ERR_MESSAGE_UNEXPECTED_CONTINUATION'
  | 'ERR_MESSAGE_INTERLEAVED'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_MESSAGE_TOO_MANY_FRAGMENTS'
  | 'ERR_MESSAGE_UTF8'
  | 'ERR_MESSAGE_COMPRESSION'
  | 'ERR_EXTENSION'
  // Closing handshake and keepalive, RFC 6455 §5.5 and §7
  | 'ERR_CLOSE_PAYLOAD'
  | 'ERR_CLOSE_CODE'
  | 'ERR_CLOSE_REASON'
  | 'ERR_CONTROL_FLOOD'
  | 'ERR_CONTROL_PAYLOAD'
  | 'ERR_KEEPALIVE_TIMEOUT'
  // Opening handshake, RFC 6455 §4
  | 'ERR_HANDSHAKE_HEAD'
  | 'ERR_HANDSHAKE_REFUSED'
  | 'ERR_HANDSHAKE_RESPONSE'
  | 'ERR_HANDSHAKE_TIMEOUT'
  // Our caller and the network
  | 'ERR_OPTION'
  | 'ERR_ARGUMENT'
  | 'ERR_STATE'
  | 'ERR_TRANSPORT'
  | 'ERR_SLOW_READER'

/** An error with a code to match on; its message says whose fault it is, what happened and what to do. */
export class WigwagError extends Error {
  /** What happened, as one of a closed set of names. */
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** What of the peer's is at fault, for who does more than print the message. */
export interface Fault {
  /**
   * The number that the message names: the opcode, the reserved bits (RSV1 is 4, RSV2 2, RSV3 1), the close code, or the
   * bytes of a frame or message, as `code` says.
   */
  readonly received?: number
  /** The header of the opening handshake, in lower case. */
  readonly header?: string
}

/** The peer broke the protocol or a limit. `closeCode` is what the wire hears of it (RFC 6455 §7.4.1). */
export class ProtocolError extends WigwagError {
  /** The close code sent to the peer when this error fails the connection. */
  readonly closeCode: number
  /** The number at fault, where there is one. */
  readonly received: number | undefined
  /** The header at fault, in lower case, where there is one. */
  readonly header: string | undefined

  constructor(code: ErrorCode, message: string, closeCode: number, fault: Fault = {}) {
    super(code, message)
    this.closeCode = closeCode
    this.received = fault.received
    this.header = fault.header
  }
}

/** The caller passed something that cannot work; nothing was sent. */
export class UsageError extends WigwagError {}

/** The network, or the operating system, failed us. */
export class TransportError extends WigwagError {}
