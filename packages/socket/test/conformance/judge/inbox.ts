import { inflateRawSync, constants as zlib } from 'node:zlib'
import type { Role } from '@wigwag/socket/core'

/** What came from a subject, in the order in which it counts. */
export type InboxEvent =
  | { readonly type: 'message'; readonly data: string | Uint8Array; readonly compressed: boolean }
  | { readonly type: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  | { readonly type: 'end' }

interface PartialMessage {
  readonly type: 'text' | 'binary'
  readonly compressed: boolean
  readonly payloads: Uint8Array[]
}

const NOTHING = Buffer.alloc(0)
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/**
 * Reads what a subject sends, strictly: head, frames, messages. Whatever it does that no peer may do is a fault, in every
 * case and not only where it is asked for. Shares nothing with the code under test.
 */
export class Inbox {
  readonly #role: Role
  readonly #changed: () => void
  readonly events: InboxEvent[] = []
  /** What the subject's own bytes broke. */
  readonly faults: string[] = []
  /** The masking-keys that came. */
  readonly maskingKeys: string[] = []
  /** The head that came, without its empty line; `undefined` before that. */
  head: string | undefined
  /** What came behind the head when that is no 101, as text. */
  body = ''
  ended = false
  /** Whether a Close frame came. */
  closed = false
  /** Bytes received. */
  receivedBytes = 0
  /** Set when compression was agreed on: RSV1 has a meaning, and this is what the subject keeps between messages. */
  compression: { readonly takeover: boolean; readonly windowBits: number } | undefined
  #bytes: Buffer = Buffer.alloc(0)
  #message: PartialMessage | undefined
  #window: Buffer = Buffer.alloc(0)

  /** `role` is the subject's. `changed` is called behind every change. */
  constructor(role: Role, changed: () => void) {
    this.#role = role
    this.#changed = changed
  }

  /** Bytes came. */
  receive(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
    if (this.head === undefined) this.#takeHead()
    if (this.head !== undefined) this.#takeRest(this.head)
    this.#changed()
  }

  /** The subject will send no more. */
  end(): void {
    if (this.ended) return
    this.ended = true
    if (this.#bytes.length > 0) this.faults.push(`it ended within a frame or a head (${this.#bytes.length} bytes)`)
    this.events.push({ type: 'end' })
    this.#changed()
  }

  /** Forgets an interim head, to read the next. */
  nextHead(): void {
    this.head = undefined
  }

  #takeHead(): void {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    this.head = this.#bytes.toString('latin1', 0, end)
    this.#bytes = this.#bytes.subarray(end + 4)
  }

  #takeRest(head: string): void {
    if (this.#role === 'client' || /^HTTP\/1\.1 101 /.test(head)) this.#takeFrames()
    else {
      this.body += this.#bytes.toString('latin1')
      this.#bytes = Buffer.alloc(0)
    }
  }

  #takeFrames(): void {
    let bytes = this.#bytes
    while (bytes.length >= 2) {
      const short = (bytes[1] as number) & 0x7f
      const masked = (bytes[1] as number) >= 0x80
      const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
      const start = 2 + lengthBytes + (masked ? 4 : 0)
      if (bytes.length < start) break
      const length =
        lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < start + length) break
      if (lengthBytes === 2 ? length < 126 : lengthBytes === 8 && length < 65_536) {
        this.faults.push(`it sent the length ${length} in ${lengthBytes} bytes (§5.2)`)
      }
      const payload = Buffer.from(bytes.subarray(start, start + length))
      this.#unmask(payload, masked, bytes.subarray(start - 4, start))
      this.#takeFrame(bytes[0] as number, payload)
      bytes = bytes.subarray(start + length)
    }
    this.#bytes = bytes
  }

  #unmask(payload: Buffer, masked: boolean, key: Buffer): void {
    if (masked !== (this.#role === 'client'))
      this.faults.push(`it sent ${masked ? 'a masked' : 'an unmasked'} frame (§5.1)`)
    if (!masked) return
    this.maskingKeys.push(key.toString('hex'))
    for (let i = 0; i < payload.length; i++) (payload[i] as number) ^= key[i & 3] as number
  }

  #takeFrame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f
    const fin = first >= 0x80
    const rsv = (first >> 4) & 7
    const control = opcode >= 8
    const rsv1Allowed = this.compression !== undefined && (opcode === 1 || opcode === 2)
    if ((rsv & (rsv1Allowed ? 3 : 7)) !== 0)
      this.faults.push(`it sent reserved bits ${rsv} with opcode ${opcode} (§5.2)`)
    if (control ? opcode > 10 : opcode > 2) this.faults.push(`it sent the reserved opcode ${opcode} (§5.2)`)
    if (control && (!fin || payload.length > 125))
      this.faults.push('it sent a control frame in fragments or above 125 bytes (§5.5)')
    if (this.closed && (!control || opcode === 8))
      this.faults.push('it sent data or a second Close frame behind its Close frame (§5.5.1)')
    if (opcode === 8) this.#takeClose(payload)
    else if (control) this.events.push({ type: opcode === 9 ? 'ping' : 'pong', payload })
    else this.#takeData(opcode, fin, rsv === 4, payload)
  }

  #takeClose(payload: Buffer): void {
    this.closed = true
    if (payload.length === 1) this.faults.push('it sent a Close frame with one byte (§5.5.1)')
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
    const sendable =
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
    if (payload.length >= 2 && !sendable) this.faults.push(`it sent the close code ${code} (§7.4)`)
    this.events.push({ type: 'close', code, reason: this.#decode(payload.subarray(2), 'close reason') })
  }

  #takeData(opcode: number, fin: boolean, compressed: boolean, payload: Buffer): void {
    if ((opcode === 0) !== (this.#message !== undefined)) this.faults.push('it sent fragments out of order (§5.4)')
    this.#message ??= { type: opcode === 1 ? 'text' : 'binary', compressed, payloads: [] }
    this.#message.payloads.push(payload)
    if (!fin) return
    const { type, compressed: inflate, payloads } = this.#message
    this.#message = undefined
    const whole = Buffer.concat(payloads)
    const bytes = inflate ? this.#inflate(whole) : whole
    this.events.push({
      type: 'message',
      data: type === 'text' ? this.#decode(bytes, 'text') : new Uint8Array(bytes),
      compressed: inflate,
    })
  }

  /** RFC 7692 §7.2.2, with the window of what came before as a dictionary: what a stateful inflate does. */
  #inflate(compressed: Buffer): Buffer {
    const { takeover = false, windowBits = 15 } = this.compression ?? {}
    try {
      const dictionary = takeover ? this.#window.subarray(-(1 << windowBits)) : NOTHING
      const options = {
        finishFlush: zlib.Z_SYNC_FLUSH,
        windowBits,
        // Small pieces of output make zlib notice what reaches further back than the window.
        chunkSize: 64,
        ...(dictionary.length > 0 ? { dictionary } : {}),
      }
      const bytes = inflateRawSync(Buffer.concat([compressed, TAIL]), options)
      this.#window = Buffer.concat([this.#window, bytes]).subarray(-32_768)
      return bytes
    } catch (error) {
      this.faults.push(
        `it sent a compressed message that cannot be inflated: ${(error as Error).message} (RFC 7692 §7.2.1)`,
      )
      return Buffer.alloc(0)
    }
  }

  #decode(bytes: Uint8Array, what: string): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      this.faults.push(`it sent a ${what} that is not UTF-8 (§8.1)`)
      return ''
    }
  }
}
