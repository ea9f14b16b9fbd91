import { type Compression, type MessageCell, OFFERS } from '../cell.ts'
import type { Conversation } from './conversation.ts'
import { DeflateDialect } from './deflate-dialect.ts'
import { JsonRing } from './json-ring.ts'

const LARGEST_WINDOW_BITS = 15
const KNOWN = /^(server_no_context_takeover|client_no_context_takeover|(server|client)_max_window_bits=\d+)$/

/** Messages with permessage-deflate (RFC 7692), by the parameters that the server answers. */
export class DeflateConversation implements Conversation {
  readonly offer: string
  readonly #cell: MessageCell
  readonly #ring: JsonRing
  readonly #dialects = new Map<string, DeflateDialect>()

  constructor(cell: MessageCell) {
    this.#cell = cell
    this.#ring = new JsonRing(cell.payloadBytes)
    this.offer = OFFERS[cell.compression as Compression].offer
  }

  get period(): number {
    return this.#ring.period
  }

  agree(answer: string | undefined): DeflateDialect | { readonly fault: string } {
    if (answer === undefined) return { fault: 'the upgrade was answered without compression' }
    const known = this.#dialects.get(answer)
    if (known !== undefined) return known
    const [name, ...parameters] = answer.split(';').map((text) => text.trim())
    if (name !== 'permessage-deflate' || !parameters.every((text) => KNOWN.test(text))) {
      return { fault: `the upgrade was answered with the extension "${answer}"` }
    }
    const { windowBits } = OFFERS[this.#cell.compression as Compression]
    const bits = (side: string): number =>
      Number(/=(\d+)$/.exec(parameters.find((text) => text.startsWith(side)) ?? '')?.[1] ?? LARGEST_WINDOW_BITS)
    const dialect = new DeflateDialect(this.#ring, {
      requestTakeover: !parameters.includes('client_no_context_takeover'),
      requestWindowBits: Math.min(windowBits, bits('client_max_window_bits')),
      replyTakeover: !parameters.includes('server_no_context_takeover'),
      // With one message on each connection there is no history, and nothing to have before it.
      historyBytes: this.#cell.workload === 'memory' || this.#cell.compression === 'no-takeover' ? 0 : 2 ** windowBits,
      depth: this.#cell.depth,
    })
    this.#dialects.set(answer, dialect)
    return dialect
  }
}
