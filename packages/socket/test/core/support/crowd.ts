import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { nodeDeflate } from '@wigwag/socket'
import {
  answerExtensions,
  Connection,
  ConnectionProfile,
  FrameArena,
  PerMessageDeflate,
  type PerMessageDeflateOptions,
  type PreparedMessage,
  parseExtensions,
  portableBytes,
} from '@wigwag/socket/core'
import { RecordingSink, textBytes } from '@wigwag/socket/testing'
import { expect } from 'vitest'

/** A server's end of one connection, and what must come out of the inflater at the other. */
export class Member {
  readonly connection: Connection
  readonly #sink: RecordingSink
  /** Bits of the window that was negotiated for what the server sends. */
  readonly #bits: number
  readonly #takeover: boolean
  readonly #expected: Uint8Array[] = []
  /** What was written: reserved bits and payload, as it was on the wire. */
  readonly frames: { readonly rsv: number; readonly payload: Uint8Array }[] = []

  constructor(connection: Connection, sink: RecordingSink, offer: string) {
    this.connection = connection
    this.#sink = sink
    this.#bits = Number(/server_max_window_bits=(\d+)/.exec(offer)?.[1] ?? 10)
    this.#takeover = !offer.includes('server_no_context_takeover')
  }

  send(message: string | Uint8Array | PreparedMessage, compress?: boolean): void {
    expect(this.connection.send(message, compress)).toBe(true)
    const data = message instanceof Object && 'data' in message ? message.data : message
    this.#expected.push(typeof data === 'string' ? textBytes(data) : data)
    this.frames.push(...this.#sink.takeFrames())
  }

  get last(): { readonly rsv: number; readonly payload: Uint8Array } {
    return this.frames.at(-1) as { rsv: number; payload: Uint8Array }
  }

  /** Feeds the connection's whole life to one inflater with exactly the window that was negotiated. */
  async check(): Promise<void> {
    const options = { windowBits: this.#bits, chunkSize: 4096 }
    let stream = createInflateRaw(options)
    expect(this.frames.length).toBe(this.#expected.length)
    for (const [index, { rsv, payload }] of this.frames.entries()) {
      const received = rsv === 4 ? await inflateWith(stream, payload) : payload
      expect(Buffer.compare(received, this.#expected[index] as Uint8Array), `message ${index}`).toBe(0)
      if (!this.#takeover && rsv === 4) stream = createInflateRaw(options)
    }
    stream.close()
  }
}

/** Connections of one server that compresses with windows of 1 KiB, and how often it did. */
export class Crowd {
  readonly #arena = new FrameArena(portableBytes, 64 * 1024)
  readonly #profile = new ConnectionProfile('server', {}, { random: () => 0.5, randomKey: () => 0, arena: this.#arena })
  readonly #extension: PerMessageDeflate
  readonly #compressions = new Map<object, number>()

  constructor(options: PerMessageDeflateOptions = {}) {
    this.#extension = new PerMessageDeflate(
      { serverMaxWindowBits: 10, thresholdBytes: 0, ...options },
      {
        ...nodeDeflate,
        deflate: (plain, dictionary, settings) => {
          this.#compressions.set(settings, (this.#compressions.get(settings) ?? 0) + 1)
          return nodeDeflate.deflate(plain, dictionary, settings)
        },
      },
    )
  }

  join(offer = 'permessage-deflate'): Member {
    const parsed = parseExtensions(offer)
    if ('fault' in parsed) throw new Error(parsed.fault)
    const sink = new RecordingSink()
    const { chain } = answerExtensions(parsed.offers, [this.#extension])
    return new Member(new Connection(this.#profile, sink, 0, chain), sink, offer)
  }

  /** The turn is over: all is written (recording sinks copy) and the arena starts again. */
  endTurn(): void {
    this.#arena.recycle()
  }

  /** Sends `message` to all `members` in order. Returns how often it was compressed, most for one kind of compressor. */
  fanOut(message: PreparedMessage, members: readonly Member[], compress?: boolean): number {
    this.#compressions.clear()
    for (const member of members) member.send(message, compress)
    return Math.max(0, ...this.#compressions.values())
  }
}

function inflateWith(stream: InflateRaw, payload: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const collect = (part: Buffer): void => void parts.push(part)
    stream.on('data', collect).once('error', reject)
    stream.write(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]))
    stream.flush(() => {
      stream.off('data', collect).off('error', reject)
      resolve(Buffer.concat(parts))
    })
  })
}
