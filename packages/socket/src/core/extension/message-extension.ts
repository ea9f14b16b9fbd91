import type { ProtocolError } from '../error/wigwag-error.ts'
import type { ExtensionOffer } from './extension-header.ts'

/** Parameters of one offer or answer, in order, each with its value, unquoted, or `undefined` (RFC 6455 §9.1). */
export type ExtensionParameters = ExtensionOffer['parameters']

/** The reserved bit with which an extension marks the messages that it changed: RSV1 is 4, RSV2 2, RSV3 1; 0 marks none. */
export type ReservedBit = 0 | 1 | 2 | 4

/**
 * An extension that changes whole messages (RFC 6455 §9, RFC 7692 §5), as both roles negotiate it. permessage-deflate is
 * one; others are written against this interface. One object serves all connections; what it agrees on makes a codec
 * for each. If it throws, its own opening handshake fails: with 500 on a server, with `ERR_EXTENSION` on a client.
 */
export interface MessageExtension {
  /** The name in `Sec-WebSocket-Extensions`: a token, compared letter by letter. */
  readonly name: string
  /** Two extensions with the same bit are never in use on one connection: the one that the client offers first is. */
  readonly reservedBit: ReservedBit
  /**
   * What a client offers, most wanted first; each becomes an offer of its own. `[[]]` is one offer without parameters,
   * `[[['quality', '5']], []]` one with and one without; `[]` offers nothing.
   */
  offer(): readonly ExtensionParameters[]
  /**
   * What a server answers to one offer, which may have anything in it: parameters that are unknown, repeated or out of
   * range. `undefined` declines it, and the client's next offer is looked at.
   */
  accept(offered: ExtensionParameters): AcceptedExtension | undefined
  /** What a client makes of the answer to `offer()`. A fault fails the opening handshake. */
  confirm(answered: ExtensionParameters): { readonly codec: MessageCodec } | { readonly fault: string }
}

/** What a server agreed to. */
export interface AcceptedExtension {
  /** The answer; `[]` when it has no parameters. */
  readonly parameters: ExtensionParameters
  /** A new one for each connection, unless it remembers nothing. */
  readonly codec: MessageCodec
}

/**
 * What a negotiated extension does to the messages of one connection; synchronous, whole messages, in order. If it
 * throws, its own connection is closed with 1011, and `close` is told `ERR_EXTENSION`. It may close its own connection,
 * but `encode` must not send on it: `send` throws `ERR_STATE` then.
 */
export interface MessageCodec {
  /**
   * Changes a message to be sent. `undefined` leaves it as it is, without the reserved bit; with `reservedBit` 0 it must
   * change every message. `compress` is the sender's wish for this message, if it has one. It must not change `payload`,
   * nor keep it; what it returns it must not change any more.
   */
  encode(payload: Uint8Array, compress: boolean | undefined): Uint8Array | undefined
  /**
   * Undoes `encode` for a message that came with the reserved bit (every message, with `reservedBit` 0). Returns at most
   * `maxBytes`, or what is wrong with the message: 1007 when it is malformed, 1009 when it is larger. `maxBytes` is to be
   * looked at before memory is taken. It must not keep `payload`, and may return a part of it; other bytes that it
   * returns it must not change any more.
   */
  decode(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError
}
