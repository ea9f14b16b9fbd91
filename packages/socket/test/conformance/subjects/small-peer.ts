import { createHash } from 'node:crypto'
import type { Role } from '@wigwag/socket/core'
import type { SubjectOptions } from '../judge/conformance-case.ts'
import type { SubjectApplication, SubjectOutcome } from '../judge/line.ts'
import type { Defect } from './defects.ts'
import type { Machine, MachineFactory, MachineOutput } from './machine.ts'
import { judgeSmallRequest, judgeSmallResponse, smallRequest } from './small-handshake.ts'

/**
 * A second implementation, as small as can be and slow: it shares nothing with ours. Without defects it passes every case;
 * with one it must be caught, which is how the judge is judged.
 */
export function smallPeer(...defects: readonly Defect[]): MachineFactory {
  return (role, options, output) => new SmallPeer(role, options, output, new Set(defects))
}

type Phase = 'handshake' | 'open' | 'close sent' | 'done' | 'over'

interface Header {
  readonly opcode: number
  readonly fin: boolean
  readonly masked: boolean
  readonly length: bigint
  readonly bytes: number
}

class SmallPeer implements Machine, SubjectApplication {
  readonly application: SubjectApplication = this
  readonly bufferedAmount = 0
  readonly #role: Role
  readonly #options: SubjectOptions
  readonly #output: MachineOutput
  readonly #defects: ReadonlySet<Defect>
  #phase: Phase = 'handshake'
  #bytes: Buffer = Buffer.alloc(0)
  #message: { readonly opcode: number; payload: Buffer; fragments: number } | undefined
  #controlFrames = 0
  #keys = 0
  /** What the application will be told once the stream is gone. */
  #close: SubjectOutcome = { code: 1006, clean: false }
  #sentCode = 1005
  refused = false
  outcome: SubjectOutcome | undefined

  constructor(role: Role, options: SubjectOptions, output: MachineOutput, defects: ReadonlySet<Defect>) {
    this.#role = role
    this.#options = options
    this.#output = output
    this.#defects = defects
  }

  get open(): boolean {
    return this.#phase !== 'handshake' && !this.refused
  }

  get deadlineMs(): number {
    if (this.#has('waits for ever for a Close frame')) return Infinity
    return this.#phase === 'close sent' || this.#phase === 'done' ? 1 : Infinity
  }

  start(): void {
    if (this.#role === 'client') this.#output.write(smallRequest(this.#options))
  }

  tick(): void {
    this.#leave()
  }

  receiveEnd(): void {
    if (this.#phase === 'handshake') this.refused = true
    this.#leave()
  }

  receive(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (this.#phase === 'handshake') this.#takeHead()
    while ((this.#phase === 'open' || this.#phase === 'close sent') && this.#takeFrame());
  }

  close(code: number | undefined, reason: string): void {
    if (this.#phase !== 'open') return
    this.#sentCode = code ?? 1005
    this.#sendClose(code ?? 1005, this.#has('loses close reasons') ? '' : reason)
    this.#phase = 'close sent'
  }

  send(data: string | Uint8Array): void {
    if (this.#phase === 'open') this.#send(typeof data === 'string' ? 1 : 2, Buffer.from(data))
  }

  #has(defect: Defect): boolean {
    return this.#defects.has(defect)
  }

  // ---- opening handshake

  #takeHead(): void {
    const end = this.#bytes.indexOf('\r\n\r\n')
    const limit = this.#options.maxHeaderBytes ?? 16_384
    const tooLarge = (end < 0 ? this.#bytes.length : end) > limit && !this.#has('reads heads of any size')
    if (end < 0 && !tooLarge) return
    const head = this.#bytes.toString('latin1', 0, Math.max(end, 0))
    this.#bytes = this.#has('loses what stands behind the head') ? Buffer.alloc(0) : this.#bytes.subarray(end + 4)
    const verdict =
      this.#role === 'server'
        ? judgeSmallRequest(tooLarge ? undefined : head, this.#options, this.#defects)
        : judgeSmallResponse(tooLarge ? undefined : head, this.#options, this.#defects)
    if (verdict.answer !== undefined) this.#output.write(Buffer.from(verdict.answer, 'latin1'))
    if (verdict.ok) {
      this.#phase = 'open'
      return
    }
    this.refused = true
    this.#leave()
  }

  // ---- frames

  #takeFrame(): boolean {
    const header = this.#readHeader()
    if (header === undefined) return false
    const total = header.bytes + Number(header.length)
    const have = this.#bytes.subarray(header.bytes, Math.min(total, this.#bytes.length))
    const payload = Buffer.from(have)
    if (header.masked)
      for (let i = 0; i < payload.length; i++)
        (payload[i] as number) ^= this.#bytes[header.bytes - 4 + (i & 3)] as number
    const whole = this.#bytes.length >= total
    if (!whole) {
      // The beginning of a text may be wrong already.
      const text = this.#message ?? { opcode: header.opcode, payload: Buffer.alloc(0) }
      const partial = header.opcode < 8 && text.opcode === 1 && !this.#has('checks text only when it is whole')
      if (partial && !this.#isUtf8(Buffer.concat([text.payload, payload]), false)) this.#fail(1007)
      return false
    }
    this.#bytes = this.#bytes.subarray(total)
    if (header.opcode >= 8) this.#takeControl(header.opcode, payload)
    else this.#takeData(header, payload)
    return true
  }

  #readHeader(): Header | undefined {
    const [first = 0, second = 0] = this.#bytes
    if (this.#bytes.length < 2) return undefined
    const opcode = first & 15
    const fin = first >= 128
    const masked = second >= 128
    const short = second & 127
    const control = opcode >= 8
    const fault =
      ((first & 0x70) !== 0 && !this.#has('ignores reserved bits')) ||
      ((control ? opcode > 10 : opcode > 2) && !this.#has('takes reserved opcodes for binary')) ||
      (control && !fin && !this.#has('takes control frames in fragments')) ||
      (control && short > 125 && !this.#has('takes long control frames')) ||
      (masked !== (this.#role === 'server') && !this.#has('does not mind masking'))
    if (fault) return this.#fail(1002)
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    if (this.#bytes.length < 2 + lengthBytes) return undefined
    let length =
      lengthBytes === 0
        ? BigInt(short)
        : lengthBytes === 2
          ? BigInt(this.#bytes.readUInt16BE(2))
          : this.#bytes.readBigUInt64BE(2)
    if (length >= 1n << 63n) {
      if (!this.#has('reads the top bit of a length')) return this.#fail(1002)
      length -= 1n << 63n
    }
    const notShortest = (lengthBytes === 2 && length < 126n) || (lengthBytes === 8 && length < 65_536n)
    if (notShortest && !this.#has('takes lengths in long forms')) return this.#fail(1002)
    const bytes = 2 + lengthBytes + (masked ? 4 : 0)
    if (this.#bytes.length < bytes) return undefined
    return this.#checkHeader({ opcode, fin, masked, length, bytes })
  }

  #checkHeader(header: Header): Header | undefined {
    const { opcode, length } = header
    const {
      maxMessageBytes = 1 << 20,
      maxFrameBytes,
      maxFragments = 16_384,
      maxControlFramesPerSecond = 256,
    } = this.#options
    if (opcode >= 8) {
      // Counted when whole, judged when announced; time never passes here.
      if (this.#controlFrames >= maxControlFramesPerSecond && !this.#has('counts no control frames'))
        return this.#fail(1008)
      return header
    }
    const interleaved = opcode !== 0 && this.#message !== undefined && !this.#has('lets messages interrupt messages')
    const unexpected = opcode === 0 && this.#message === undefined && !this.#has('takes continuations of nothing')
    if (interleaved || unexpected) return this.#fail(1002)
    if ((this.#message?.fragments ?? 0) >= maxFragments && !this.#has('counts no fragments')) return this.#fail(1008)
    const size = length + BigInt(this.#message?.payload.length ?? 0)
    if (size > maxMessageBytes && !this.#has('checks sizes only when a frame is whole')) return this.#fail(1009)
    if (length > (maxFrameBytes ?? maxMessageBytes) && !this.#has('checks sizes only when a frame is whole'))
      return this.#fail(1009)
    return header
  }

  #takeControl(opcode: number, payload: Buffer): void {
    this.#controlFrames++
    if (opcode === 8) this.#takeClose(payload)
    else if (opcode === 9 && !this.#has('does not answer pings')) {
      if (this.#has('answers pings only between messages') && this.#message !== undefined) return
      this.#write(10, this.#has('answers pings without their payload') ? Buffer.alloc(0) : payload)
    } else if (opcode === 10 && this.#has('answers pongs')) this.#write(10, payload)
  }

  #takeData(header: Header, payload: Buffer): void {
    const message = this.#message ?? { opcode: header.opcode, payload: Buffer.alloc(0), fragments: 0 }
    message.payload = Buffer.concat([message.payload, payload])
    message.fragments++
    this.#message = header.fin ? undefined : message
    const early = header.fin || !this.#has('checks text only when it is whole')
    if (message.opcode === 1 && early && !this.#isUtf8(message.payload, header.fin)) this.#fail(1007)
    else if (header.fin && (this.#phase === 'open' || this.#has('sends data behind its Close frame'))) {
      this.#send(message.opcode, message.payload)
    }
  }

  #isUtf8(bytes: Buffer, whole: boolean): boolean {
    if (this.#has('does not check UTF-8')) return true
    if (!isUtf8Prefix(bytes, this.#has('takes surrogates for characters'), this.#has('takes overlong characters')))
      return false
    return !whole || this.#has('does not mind characters cut short') || !endsInCharacter(bytes)
  }

  // ---- closing

  #takeClose(payload: Buffer): void {
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
    const allowed =
      (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
      (code >= 3000 && code <= 4999)
    if (payload.length === 1 && !this.#has('takes Close frames of one byte')) this.#fail(1002)
    else if (payload.length >= 2 && !allowed && !this.#has('takes any close code')) this.#fail(1002)
    else if (
      !this.#has('does not check close reasons') &&
      (!isUtf8Prefix(payload.subarray(2), false, false) || endsInCharacter(payload.subarray(2)))
    )
      this.#fail(1007)
    else this.#closed(code)
  }

  #closed(code: number): void {
    const before = this.#phase
    if (before === 'open' && !this.#has('does not answer Close frames'))
      this.#sendClose(this.#has('answers every Close frame with 1000') ? 1000 : code, '')
    this.#phase = this.#has('reads on behind a Close frame') && before === 'open' ? 'open' : 'done'
    this.#close = {
      code: this.#has('tells its own close code') && before === 'close sent' ? this.#sentCode : code,
      clean: true,
    }
    if (this.#role === 'server' && !this.#has('leaves it to the client to end TCP')) this.#output.end()
    if (this.#role === 'client' && this.#has('ends TCP before the server')) this.#output.end()
  }

  #fail(code: number): undefined {
    if (this.#phase === 'open') {
      if (!this.#has('fails without a Close frame')) this.#sendClose(this.#has('fails with 1000') ? 1000 : code, '')
    }
    this.#close = { code, clean: false }
    this.#phase = this.#has('reads on behind a failure') ? 'open' : 'done'
    if (!this.#has('keeps a failed connection')) this.#output.end()
    return undefined
  }

  #leave(): void {
    if (this.#phase === 'over') return
    const told =
      this.#phase === 'done' || !this.#has('tells 1000 for connections that broke')
        ? this.#close
        : { code: 1000, clean: true }
    this.#phase = 'over'
    if (!this.refused) this.outcome = told
    this.#output.destroy()
  }

  // ---- sending

  #sendClose(code: number, reason: string): void {
    const payload =
      code === 1005 ? Buffer.alloc(0) : Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)])
    this.#write(8, payload)
  }

  #send(opcode: number, payload: Buffer): void {
    this.#write(this.#has('echoes text as binary') ? 2 : opcode > 2 ? 2 : opcode, payload)
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload
    const long = this.#has('sends lengths in long forms')
    const form = length > 65_535 ? 8 : length > 125 || long ? 2 : 0
    const masked = (this.#role === 'client') !== this.#has('masks as the other role does')
    const header = Buffer.alloc(2 + form)
    header[0] = (this.#has('sends reserved bits') ? 0xa0 : 0x80) | opcode
    header[1] = (masked ? 0x80 : 0) | (form === 8 ? 127 : form === 2 ? 126 : length)
    if (form === 2) header.writeUInt16BE(length, 2)
    if (form === 8) header.writeBigUInt64BE(BigInt(length), 2)
    const key = masked
      ? createHash('md5')
          .update(this.#has('masks with one key') ? 'one' : `${this.#keys++}`)
          .digest()
          .subarray(0, 4)
      : Buffer.alloc(0)
    this.#output.write(
      Buffer.concat([header, key, masked ? payload.map((byte, i) => byte ^ (key[i & 3] as number)) : payload]),
    )
  }
}

/** Whether some text begins with these bytes (RFC 3629 §4), straight from its grammar. */
function isUtf8Prefix(bytes: Uint8Array, surrogates: boolean, overlong: boolean): boolean {
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number
    const length =
      first < 0x80
        ? 1
        : first < (overlong ? 0xc0 : 0xc2)
          ? 0
          : first < 0xe0
            ? 2
            : first < 0xf0
              ? 3
              : first < 0xf5
                ? 4
                : 0
    if (length === 0) return false
    for (let i = 1; i < length && at + i < bytes.length; i++) {
      const byte = bytes[at + i] as number
      const lowest = i > 1 || overlong ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
      const highest = i > 1 ? 0xbf : first === 0xed && !surrogates ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
      if (byte < lowest || byte > highest) return false
    }
    at += length
  }
  return true
}

/** Whether bytes that begin a text end within a character. */
function endsInCharacter(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] as number
    at += first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  }
  return at > bytes.length
}
