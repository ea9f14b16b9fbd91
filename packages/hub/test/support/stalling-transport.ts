import type { EncodedPacket } from '../../src/session/encoded-packet.ts'
import { packetBytes } from '../../src/session/encoded-packet.ts'
import type { Outbox, OutboxTransport } from '../../src/session/outbox.ts'

/** A transport in memory that writes nothing until it is told to. */
export class StallingTransport implements OutboxTransport<EncodedPacket> {
  readonly sent: (EncodedPacket | string)[] = []
  bufferedAmount = 0
  outbox: Outbox | undefined
  readonly #mark: number

  constructor(highWaterMarkBytes: number) {
    this.#mark = highWaterMarkBytes
  }

  send(packet: EncodedPacket | string): void {
    this.sent.push(packet)
    this.bufferedAmount += packetBytes(packet)
  }

  /** What was sent, as text. */
  get texts(): string[] {
    return this.sent.map((packet) => (typeof packet === 'string' ? packet : String(packet.data)))
  }

  /** Writes up to `bytes`, and tells when that is below the mark. */
  write(bytes = this.bufferedAmount): void {
    const wasAbove = this.bufferedAmount > this.#mark
    this.bufferedAmount -= Math.min(bytes, this.bufferedAmount)
    if (wasAbove && this.bufferedAmount <= this.#mark) this.outbox?.drained()
  }
}
