import { takePacket } from './emulated-line.ts'
import { bytesOf, HttpWire, isLastAnswer, type WireAnswer } from './http-wire.ts'
import type { PacketLine, PacketSink } from './session-reader.ts'
import { SessionUpstream } from './session-upstream.ts'
import { type ReaderOptions, ReaderRefused } from './wire-reader.ts'

/** An answer to a poll of a session. */
interface PolledPackets {
  readonly last: number
  readonly packets: readonly { readonly connect?: { readonly node: string; readonly session: string } }[]
}

/** A session whose packets come in answers to polls. */
export class PolledLine implements PacketLine {
  headers: ReadonlyMap<string, string> = new Map()
  readonly #port: number
  readonly #options: ReaderOptions
  readonly #sink: PacketSink
  #down: HttpWire
  #before = { received: 0, sent: 0 }
  #isCut = false
  #isStalled = false
  readonly #up: SessionUpstream
  #address: { readonly node: string; readonly session: string } | undefined
  #last = 0

  private constructor(port: number, options: ReaderOptions, sink: PacketSink, down: HttpWire) {
    this.#port = port
    this.#options = options
    this.#sink = sink
    this.#down = down
    this.#up = new SessionUpstream(port, options, () => this.cut())
  }

  /** Opens the session. Rejects with `ReaderRefused`. */
  static async open(
    port: number,
    options: ReaderOptions,
    sink: PacketSink,
    path: (query: Readonly<Record<string, string>>) => string,
    connect: string,
  ): Promise<PolledLine> {
    const line = new PolledLine(port, options, sink, await HttpWire.connect(port))
    const { headers = {}, version = '1.1', query = {} } = options
    const answer = await line.#down.ask({ method: 'POST', path: path(query), version, headers, body: connect })
    if (answer.status !== 200) {
      line.cut()
      throw new ReaderRefused(answer.status, answer.headers, answer.body)
    }
    line.headers = answer.headers
    void line.#follow(answer, path({ wait: '20' })).catch(() => {
      sink.closed({ how: 'RST' })
      line.cut()
    })
    return line
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    const { received, sent } = bytesOf([this.#down, ...this.#up.wires])
    return { received: this.#before.received + received, sent: this.#before.sent + sent }
  }

  send(packets: string): void {
    this.#up.send(packets)
  }

  stall(): void {
    this.#isStalled = true
    this.#down.stall()
  }

  goOn(): void {
    this.#isStalled = false
    this.#down.goOn()
  }

  cut(): void {
    this.#isCut = true
    this.#down.reset()
    this.#up.close()
  }

  async #follow(first: WireAnswer, path: string): Promise<void> {
    const { headers = {}, version = '1.1' } = this.#options
    for (let answer = first; ; ) {
      if (answer.status !== 200) {
        this.#sink.closed({ how: 'status', code: answer.status })
        return this.cut()
      }
      this.#take(JSON.parse(answer.body) as PolledPackets)
      const body = JSON.stringify({ ...this.#address, last: this.#last })
      if (isLastAnswer(answer)) await this.#connectAnew()
      answer = await this.#down.ask({ method: 'POST', path, version, headers, body })
    }
  }

  async #connectAnew(): Promise<void> {
    const { received, sent } = bytesOf([this.#down])
    this.#before = { received: this.#before.received + received, sent: this.#before.sent + sent }
    this.#down.reset()
    this.#down = await HttpWire.connect(this.#port)
    if (this.#isStalled) this.#down.stall()
    if (this.#isCut) this.#down.reset()
  }

  #take({ last, packets }: PolledPackets): void {
    this.#last = last
    for (const packet of packets) {
      if (packet.connect !== undefined) {
        const { node, session } = packet.connect
        this.#address = { node, session }
      }
      takePacket(JSON.stringify(packet), this.#sink, this.#up)
    }
    // As good as a ping.
    if (packets.length === 0) this.#sink.packets('{}')
  }
}
