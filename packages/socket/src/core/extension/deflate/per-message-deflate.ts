import type { AcceptedExtension, ExtensionParameters, MessageCodec, MessageExtension } from '../message-extension.ts'
import type { CompressorRules } from './compressor.ts'
import { type DeflateAgreement, DeflateCodec } from './deflate-codec.ts'
import { type DeflateParameters, encodeDeflateParameters, parseDeflateParameters } from './deflate-parameters.ts'
import type { DeflatePort } from './deflate-port.ts'
import {
  type PerMessageDeflateOptions,
  type ResolvedDeflateOptions,
  resolveDeflateOptions,
} from './per-message-deflate-options.ts'

type Role = 'server' | 'client'

/** The window without a parameter that limits it (RFC 7692 §7.1.2). */
const LARGEST_WINDOW_BITS = 15

/** permessage-deflate (RFC 7692 §7), negotiated for both roles. */
export class PerMessageDeflate implements MessageExtension {
  readonly name = 'permessage-deflate'
  readonly reservedBit = 4
  readonly #options: ResolvedDeflateOptions
  readonly #port: DeflatePort
  readonly #agreements = new Map<string, DeflateAgreement>()
  readonly #compressors = new Map<string, CompressorRules>()

  /** Throws `UsageError` `ERR_OPTION` for an option out of range. */
  constructor(options: PerMessageDeflateOptions, port: DeflatePort) {
    this.#options = resolveDeflateOptions(options)
    this.#port = port
  }

  /** A server may decline a limit of what it sends; where that is only our default, we offer to do without. */
  offer(): readonly ExtensionParameters[] {
    const { serverMaxWindowBits, serverWindowChosen } = this.#options
    const wanted = this.#wanted()
    const offers = [encodeDeflateParameters(wanted)]
    if (!serverWindowChosen && serverMaxWindowBits < LARGEST_WINDOW_BITS) {
      offers.push(encodeDeflateParameters({ ...wanted, serverMaxWindowBits: undefined }))
    }
    return offers
  }

  accept(offered: ExtensionParameters): AcceptedExtension | undefined {
    const parsed = parseDeflateParameters(offered)
    if ('fault' in parsed) return undefined
    const answer = this.#answer(parsed)
    return { parameters: encodeDeflateParameters(answer), codec: this.#codec('server', answer) }
  }

  confirm(answered: ExtensionParameters): { readonly codec: MessageCodec } | { readonly fault: string } {
    const parsed = parseDeflateParameters(answered)
    if ('fault' in parsed) return parsed
    const fault = this.#breach(parsed)
    return fault === undefined ? { codec: this.#codec('client', parsed) } : { fault }
  }

  /** Our first offer. */
  #wanted(): DeflateParameters {
    const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = this.#options
    return {
      serverNoContextTakeover,
      clientNoContextTakeover,
      serverMaxWindowBits: serverMaxWindowBits < LARGEST_WINDOW_BITS ? serverMaxWindowBits : undefined,
      clientMaxWindowBits: clientMaxWindowBits < LARGEST_WINDOW_BITS ? clientMaxWindowBits : true,
    }
  }

  #answer(offered: DeflateParameters): DeflateParameters {
    const own = this.#options
    const serverBits = Math.min(offered.serverMaxWindowBits ?? LARGEST_WINDOW_BITS, own.serverMaxWindowBits)
    const offeredBits = offered.clientMaxWindowBits === true ? LARGEST_WINDOW_BITS : offered.clientMaxWindowBits
    const clientBits = offeredBits === undefined ? undefined : Math.min(offeredBits, own.clientMaxWindowBits)
    // §7.1.2.2: whoever does not offer client_max_window_bits cannot be given a smaller window, only none that lasts.
    const unlimited = clientBits === undefined && own.clientMaxWindowBits < LARGEST_WINDOW_BITS
    return {
      serverNoContextTakeover: offered.serverNoContextTakeover || own.serverNoContextTakeover,
      clientNoContextTakeover: offered.clientNoContextTakeover || own.clientNoContextTakeover || unlimited,
      serverMaxWindowBits:
        offered.serverMaxWindowBits !== undefined || serverBits < LARGEST_WINDOW_BITS ? serverBits : undefined,
      // A client that only said that it could be limited is not told of the largest window, which is what silence means.
      clientMaxWindowBits:
        offered.clientMaxWindowBits === true && clientBits === LARGEST_WINDOW_BITS ? undefined : clientBits,
    }
  }

  /** What an answer must not have, or must, after what we offered (§7.1). */
  #breach(answer: DeflateParameters): string | undefined {
    const { serverNoContextTakeover, clientMaxWindowBits, serverMaxWindowBits, serverWindowChosen } = this.#options
    if (serverNoContextTakeover && !answer.serverNoContextTakeover) {
      return 'the answer leaves server_no_context_takeover out (RFC 7692 §7.1.1.1)'
    }
    const serverBits = answer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS
    if (serverWindowChosen && serverBits > serverMaxWindowBits) {
      return `server_max_window_bits is ${serverBits}, more than the ${serverMaxWindowBits} offered (RFC 7692 §7.1.2.1)`
    }
    if (answer.clientMaxWindowBits === true) {
      return 'client_max_window_bits has no value, as only an offer may (RFC 7692 §7.1.2.2)'
    }
    if (answer.clientMaxWindowBits !== undefined && answer.clientMaxWindowBits > clientMaxWindowBits) {
      return `client_max_window_bits is ${answer.clientMaxWindowBits}, more than the ${clientMaxWindowBits} offered (RFC 7692 §7.1.2.2)`
    }
    return undefined
  }

  /** Connections that agreed on the same share it. There are few ways to agree. */
  #codec(role: Role, agreed: DeflateParameters): MessageCodec {
    const key = role + JSON.stringify(agreed)
    const agreement = this.#agreements.get(key) ?? this.#agreement(role, agreed)
    this.#agreements.set(key, agreement)
    return new DeflateCodec(agreement)
  }

  #agreement(role: Role, agreed: DeflateParameters): DeflateAgreement {
    const { thresholdBytes, maxFinalBlocks, clientMaxWindowBits, outboundWindowBits } = this.#options
    const server = {
      windowBits: agreed.serverMaxWindowBits ?? LARGEST_WINDOW_BITS,
      contextTakeover: !agreed.serverNoContextTakeover,
    }
    const agreedBits = typeof agreed.clientMaxWindowBits === 'number' ? agreed.clientMaxWindowBits : LARGEST_WINDOW_BITS
    const client = {
      // A client may always use less than it is allowed.
      windowBits: role === 'client' ? Math.min(agreedBits, clientMaxWindowBits) : agreedBits,
      contextTakeover: !agreed.clientNoContextTakeover,
    }
    const [agreedOutbound, inbound] = role === 'server' ? [server, client] : [client, server]
    const windowBits = Math.min(agreedOutbound.windowBits, outboundWindowBits)
    return {
      port: this.#port,
      thresholdBytes,
      outbound: this.#compressor(windowBits, agreedOutbound.contextTakeover),
      inbound: { ...inbound, maxFinalBlocks },
    }
  }

  /** Whoever is compressed for alike shares it, whatever was agreed on for the other direction. */
  #compressor(windowBits: number, contextTakeover: boolean): CompressorRules {
    const { level, memLevel } = this.#options
    const key = `${windowBits} ${contextTakeover}`
    const rules = this.#compressors.get(key) ?? { windowBits, contextTakeover, level, memLevel }
    this.#compressors.set(key, rules)
    return rules
  }
}
