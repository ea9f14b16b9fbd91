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
  readonly #depth: number
  /** What was asked for before, by place and count: the same few over and over. */
  readonly #requests: (Buffer | undefined)[]

  constructor(cell: MessageCell, protocol: Protocol) {
    this.#traffic = buildTraffic(cell, protocol)
    this.#depth = cell.depth
    this.#requests = new Array<undefined>(this.#traffic.period * cell.depth).fill(undefined)
  }

  get period(): number {
    return this.#traffic.period
  }

  agree(answer: string | undefined): Dialect | { readonly fault: string } {
    return answer === undefined ? this : { fault: 'the upgrade was answered with an extension that was not offered' }
  }

  prelude(): undefined {}

  requests(from: number, count: number): Buffer {
    const place = from % this.#traffic.period
    const slot = place * this.#depth + count - 1
    return this.#requests[slot] ?? this.#cut(slot, place, count)
  }

  createReader(first: number, faults: ReplyFaults): ReplyReader {
    return new ReplyReader(this.#traffic, first, faults)
  }

  #cut(slot: number, place: number, count: number): Buffer {
    const { requests, requestBytes } = this.#traffic
    const cut = requests.subarray(place * requestBytes, (place + count) * requestBytes)
    this.#requests[slot] = cut
    return cut
  }
}
