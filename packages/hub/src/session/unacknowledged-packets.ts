import { utf8Bytes } from '../publication/utf8-bytes.ts'

/** Packets that were not acknowledged yet, numbered from 1 on. */
export class UnacknowledgedPackets {
  #packets: string[] = []
  #acknowledged = 0
  #bytes = 0

  /** What they take, in bytes of UTF-8. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#packets.length === 0
  }

  /** The number of the last one that there was. */
  get last(): number {
    return this.#acknowledged + this.#packets.length
  }

  add(packet: string): void {
    this.#packets.push(packet)
    this.#bytes += utf8Bytes(packet)
  }

  /** Lets go of all up to number `last`. Returns false where that was not sent, or one behind it was acknowledged. */
  acknowledge(last: number): boolean {
    if (!(last >= this.#acknowledged && last <= this.last)) return false
    for (const packet of this.#packets.splice(0, last - this.#acknowledged)) this.#bytes -= utf8Bytes(packet)
    this.#acknowledged = last
    return true
  }

  /** All of them, as what a poll is answered with. */
  encode(): string {
    return encodeAnswer(this.last, this.#packets)
  }
}

/** What a poll is answered with: packets, and the number of the last one, which the next poll acknowledges. */
export function encodeAnswer(last: number, packets: readonly string[] = []): string {
  return `{"last":${last},"packets":[${packets.join(',\n')}]}\n`
}
