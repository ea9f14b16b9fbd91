import { type ExtensionParameters, type MessageCodec, type MessageExtension, ProtocolError } from '@wigwag/socket/core'
import { nextTick } from '@wigwag/socket/driver'
import { resolveDeflate, type WsDeflateOptions } from './deflate-options.ts'

type Parameters = Record<string, string | number | true>
type Done = (error: Error | null, data?: Buffer) => void

/** permessage-deflate by hand: negotiated with objects, and applied to one message at a time. Sockets do without it. */
export class PerMessageDeflate {
  static readonly extensionName: string = 'permessage-deflate'
  /** What was agreed on. */
  params: Parameters | null = null
  readonly #extension: MessageExtension
  readonly #isServer: boolean
  readonly #maxPayload: number
  #codec: MessageCodec | undefined

  constructor(options: WsDeflateOptions & { readonly isServer?: boolean; readonly maxPayload?: number } = {}) {
    const { isServer = false, maxPayload = 0, ...deflate } = options
    this.#extension = resolveDeflate(deflate)[0] as MessageExtension
    this.#isServer = isServer
    this.#maxPayload = maxPayload > 0 ? maxPayload : Number.MAX_SAFE_INTEGER
  }

  /** What a client offers. */
  offer(): Parameters {
    return toObject(this.#extension.offer()[0] ?? [])
  }

  /** Takes the first acceptable offer, or the answer to `offer()`. Throws when there is none. */
  accept(configurations: readonly Readonly<Record<string, readonly (string | number | true)[]>>[]): Parameters {
    for (const configuration of configurations) {
      const offered = toPairs(configuration)
      if (this.#isServer) {
        const accepted = this.#extension.accept(offered)
        if (accepted === undefined) continue
        this.#codec = accepted.codec
        this.params = toObject(accepted.parameters)
        return this.params
      }
      const confirmed = this.#extension.confirm(offered)
      if ('fault' in confirmed) throw new Error(confirmed.fault)
      this.#codec = confirmed.codec
      this.params = toObject(offered)
      return this.params
    }
    throw new Error('None of the extension offers can be accepted')
  }

  /** Compresses a whole message. */
  compress(data: Uint8Array | string, _fin: boolean, done: Done): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    const encoded = this.#agreed().encode(bytes, true) ?? bytes
    nextTick(done, null, Buffer.from(encoded))
  }

  /** The reverse. */
  decompress(data: Uint8Array, _fin: boolean, done: Done): void {
    const decoded = this.#agreed().decode(data, this.#maxPayload)
    if (decoded instanceof ProtocolError) nextTick(done, decoded)
    else nextTick(done, null, Buffer.from(decoded))
  }

  /** There is nothing to release. */
  cleanup(): void {}

  #agreed(): MessageCodec {
    if (this.#codec === undefined) throw new Error('accept() was not called')
    return this.#codec
  }
}

function toObject(parameters: ExtensionParameters): Parameters {
  return Object.fromEntries(
    parameters.map(([name, value]) => [name, value === undefined ? true : /^\d+$/.test(value) ? Number(value) : value]),
  )
}

function toPairs(
  configuration: Readonly<Record<string, readonly (string | number | true)[]>>,
): [string, string | undefined][] {
  return Object.entries(configuration).flatMap(([name, values]) =>
    values.map((value): [string, string | undefined] => [name, value === true ? undefined : String(value)]),
  )
}
