import type { ProtocolError } from '../../error/wigwag-error.ts'
import type { MessageCodec } from '../message-extension.ts'
import type { DeflatePort, DeflateSettings } from './deflate-port.ts'
import { type InflateRules, inflateMessage } from './inflate-message.ts'
import { advanceWindow, EMPTY_WINDOW, slideWindow } from './sliding-window.ts'

/** What was negotiated for both directions; shared by all connections with the same parameters. */
export interface DeflateAgreement {
  readonly port: DeflatePort
  readonly thresholdBytes: number
  readonly outbound: DeflateSettings & { readonly contextTakeover: boolean }
  readonly inbound: InflateRules & { readonly contextTakeover: boolean }
}

/** A sync flush ends with these four bytes, which are not sent (RFC 7692 §7.2.1). */
const FLUSH_BYTES = 4

/**
 * permessage-deflate on one connection (RFC 7692 §7.2). No compressor is kept: a stream with context takeover equals a
 * one-shot call whose dictionary is the window of plain text before it, so that window is all that stays, and nothing
 * without takeover.
 */
export class DeflateCodec implements MessageCodec {
  readonly #agreement: DeflateAgreement
  #sent: Uint8Array = EMPTY_WINDOW
  #received: Uint8Array = EMPTY_WINDOW

  constructor(agreement: DeflateAgreement) {
    this.#agreement = agreement
  }

  encode(payload: Uint8Array, compress: boolean | undefined): Uint8Array | undefined {
    const { port, outbound, thresholdBytes } = this.#agreement
    if (!(compress ?? payload.length >= thresholdBytes)) return undefined
    const deflated = port.deflate(payload, this.#sent, outbound)
    const size = deflated.length - FLUSH_BYTES
    // What does not get smaller goes as it is. It does not enter the window, so neither end notices that we tried.
    if (size >= payload.length && payload.length > 0) return undefined
    if (outbound.contextTakeover) this.#sent = slideWindow(this.#sent, payload, 2 ** outbound.windowBits)
    return deflated.subarray(0, size)
  }

  decode(payload: Uint8Array, maxBytes: number): Uint8Array | ProtocolError {
    const { port, inbound } = this.#agreement
    const inflated = inflateMessage(port, payload, this.#received, inbound, maxBytes)
    if (inbound.contextTakeover && inflated instanceof Uint8Array) {
      this.#received = advanceWindow(this.#received, inflated, 2 ** inbound.windowBits)
    }
    return inflated
  }
}
