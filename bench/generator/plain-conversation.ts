import type { MessageCell } from '../cell.ts'
import type { Conversation, Dialect } from './conversation.ts'
import type { Protocol } from './load-spec.ts'
import type { ReplyFaults } from './reply-parser.ts'
import { ReplyReader } from './reply-reader.ts'
import { buildTraffic, type Traffic } from './traffic.ts'

/** Messages as they are, without an extension. */
export class PlainConversation implements Conversation, Dialect {
  readonly offer: undefined
  readonly #traffic: Traffic

  constructor(cell: MessageCell, protocol: Protocol) {
    this.#traffic = buildTraffic(cell, protocol)
  }

  get period(): number {
    return this.#traffic.period
  }

  agree(answer: string | undefined): Dialect | { readonly fault: string } {
    return answer === undefined ? this : { fault: 'the upgrade was answered with an extension that was not offered' }
  }

  prelude(): undefined {}

  requests(from: number, count: number): Buffer {
    const { requests, requestBytes, period } = this.#traffic
    const at = (from % period) * requestBytes
    return requests.subarray(at, at + count * requestBytes)
  }

  createReader(first: number, faults: ReplyFaults): ReplyReader {
    return new ReplyReader(this.#traffic, first, faults)
  }
}
