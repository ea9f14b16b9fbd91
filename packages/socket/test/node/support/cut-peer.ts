import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib'
import { closePayload, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { patternBytes } from './digest.ts'
import type { RawPeer } from './raw-peer.ts'

/** The four bytes that a sender takes away (RFC 7692 §7.2.1). */
const FLUSH_TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)
const RSV1 = 4
const Opcode = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const
const WINDOW_BYTES = 4096
const MESSAGE_BYTES = 3000
const FRAGMENT_BYTES = 2000

/** How a connection ends in the middle of a compressed, fragmented message. `out` is of the side under test. */
const CUTS = [
  'half a fragment in, then a reset',
  'half a fragment in, then FIN',
  'a fragment in, then a Close frame',
  'a fragment in, then a Close frame from the other side',
  'a fragment in, then dropped by the other side',
] as const
const LARGE_CUTS = [
  'half a large message out, then a reset',
  'half a large message out, then FIN',
  'half a large message out, then a Close frame',
] as const

/** One of the ways above. */
export type Cut = (typeof CUTS)[number] | (typeof LARGE_CUTS)[number]

/** The cut of connection `n`: each way in turn, the large ones only now and then, because compressing takes its time. */
export function cutOf(n: number): Cut {
  const large = LARGE_CUTS[n % 60]
  return large ?? (CUTS[n % CUTS.length] as Cut)
}

/** Whether it is cut in what comes from the side under test. */
export function isLarge(cut: Cut): boolean {
  return cut.startsWith('half a large')
}

/** A peer of a compressed connection that plays by the rules until it is to be cut; `role` is its own. */
export class CutPeer {
  readonly #peer: RawPeer
  readonly #mask: { readonly mask?: typeof TEST_MASK }
  #window: Buffer = Buffer.alloc(0)

  constructor(peer: RawPeer, role: 'client' | 'server') {
    this.#peer = peer
    this.#mask = role === 'client' ? { mask: TEST_MASK } : {}
  }

  /** Has two compressed messages echoed, the second of which refers to the first, as may its echo. Throws when an echo is another. */
  async exchange(seed: number): Promise<void> {
    const peer = this.#peer
    const sent = [0, 1].map((n) => jsonText(seed, n))
    for (const text of sent) this.#send(Opcode.text, true, this.#deflate(Buffer.from(text)))
    await peer.until(() => peer.messages >= sent.length || peer.closed)
    // One stream: without its tail each message would end inside a block.
    const stream = peer.frames.flatMap(({ payload, rsv }) => (rsv === RSV1 ? [payload, FLUSH_TAIL] : []))
    const echoed = inflateRawSync(Buffer.concat(stream), { finishFlush: zlib.Z_SYNC_FLUSH }).toString()
    if (echoed !== sent.join('')) throw new Error(`Connection ${seed} was echoed something else.`)
    peer.frames.length = 0
    peer.chunks = 0
  }

  /** Sends or asks for the part of a message that comes before the cut; resolves when it has been read, or has begun to come. */
  async begin(cut: Cut): Promise<void> {
    const peer = this.#peer
    if (isLarge(cut)) {
      peer.socket.once('data', () => peer.socket.pause())
      this.#control(Opcode.ping, 'large')
      await peer.until(() => peer.chunks > 0 || peer.closed)
      return
    }
    this.#send(Opcode.text, false, this.#deflate(noise()))
    this.#control(Opcode.ping, '')
    await peer.until(() => peer.frames.some(({ opcode }) => opcode === Opcode.pong) || peer.closed)
    if (!cut.startsWith('half')) return
    const frame = this.#frame(Opcode.continuation, true, this.#deflate(noise()))
    peer.write(frame.subarray(0, frame.length >> 1))
  }

  /** Ends the connection that way and waits until it is gone. */
  async end(cut: Cut): Promise<void> {
    const peer = this.#peer
    if (cut.endsWith('reset')) peer.reset()
    else if (cut.endsWith('FIN')) peer.socket.end()
    else void this.#finish(cut)
    peer.socket.resume()
    await peer.until(() => peer.closed)
    peer.frames.length = 0
  }

  async #finish(cut: Cut): Promise<void> {
    const peer = this.#peer
    const closeCame = (): Promise<void> => peer.until(() => peer.close !== undefined || peer.closed)
    if (cut.endsWith('dropped by the other side')) this.#control(Opcode.ping, 'terminate')
    else if (cut.endsWith('from the other side')) {
      this.#control(Opcode.ping, 'close')
      await closeCame()
      this.#control(Opcode.close, closePayload(1001))
    } else {
      this.#control(Opcode.close, closePayload(1000))
      await closeCame()
    }
    // §7.1.1: it is the server that ends TCP.
    if (this.#mask.mask === undefined) peer.socket.end()
  }

  #deflate(plain: Buffer): Uint8Array {
    const options = { windowBits: 12, memLevel: 4, finishFlush: zlib.Z_SYNC_FLUSH }
    const dictionary = this.#window.length === 0 ? {} : { dictionary: this.#window }
    const deflated = deflateRawSync(plain, { ...options, ...dictionary })
    this.#window = Buffer.concat([this.#window, plain]).subarray(-WINDOW_BYTES)
    return deflated.subarray(0, -FLUSH_TAIL.length)
  }

  #send(opcode: number, fin: boolean, payload: Uint8Array): void {
    this.#peer.write(this.#frame(opcode, fin, payload))
  }

  #frame(opcode: number, fin: boolean, payload: Uint8Array): Uint8Array {
    return frameBytes({ opcode, fin, payload, rsv: opcode === Opcode.continuation ? 0 : RSV1, ...this.#mask })
  }

  #control(opcode: number, payload: Uint8Array | string): void {
    this.#peer.write(frameBytes({ opcode, payload, ...this.#mask }))
  }
}

/** JSON that compresses, and differs from connection to connection and from message to message. */
function jsonText(seed: number, n: number): string {
  let text = ''
  for (let i = 0; text.length < MESSAGE_BYTES; i++) {
    text += JSON.stringify({
      id: seed * 1000 + n * 100 + i,
      user: `user-${seed % 97}`,
      price: ((seed * 7919 + i * 31 + n) % 10_000) / 100,
    })
  }
  return text
}

/** Bytes that do not get smaller. */
function noise(): Buffer {
  return Buffer.from(patternBytes(FRAGMENT_BYTES, 7))
}
