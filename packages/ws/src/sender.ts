import { randomFillSync } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { encodeClosePayload, firstByte, frameHeaderBytes, Opcode, writeFrameHeader } from '@wigwag/socket/core'
import { nodeBytes } from '@wigwag/socket/driver'
import { EMPTY, toBytes } from './to-bytes.ts'

type Sent = (error?: Error | null) => void

/** How `Sender.frame` encodes. */
export interface FrameOptions {
  readonly opcode: number
  readonly fin?: boolean | undefined
  readonly rsv1?: boolean | undefined
  readonly mask?: boolean | undefined
  /** Whether the data may not be changed. It never is. */
  readonly readOnly?: boolean | undefined
  /** Fills in a masking-key. Default: unpredictable bits (RFC 6455 §5.3). */
  readonly generateMask?: ((key: Buffer) => void) | undefined
}

/**
 * Frames by hand, for programs that encode a message once and hand it to many sockets' `_sender.sendFrame`. A socket does not
 * send through it.
 */
export class Sender {
  readonly _socket: Duplex
  _fragmenting: boolean = false

  /** Writes to `socket`, on which the opening handshake has been done. There is no compression. */
  constructor(socket: Duplex) {
    this._socket = socket
  }

  /** The bytes of one frame, header and payload apart unless they had to be copied anyway. */
  static frame(data: Uint8Array | string, options: FrameOptions): Buffer[] {
    const payload = typeof data === 'string' ? Buffer.from(data) : data
    const masked = options.mask === true
    const headerBytes = frameHeaderBytes(payload.length, masked)
    const frame = Buffer.allocUnsafe(masked ? headerBytes + payload.length : headerBytes)
    const first = firstByte(options.opcode, Boolean(options.fin), options.rsv1 === true ? 4 : 0)
    const key = masked ? maskingKey(options.generateMask) : undefined
    writeFrameHeader(frame, 0, first, payload.length, key)
    if (key !== undefined) {
      frame.set(payload, headerBytes)
      nodeBytes.xor(frame, headerBytes, frame.length, key)
    }
    if (masked || payload.length === 0) return [frame]
    return [frame, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)]
  }

  /** Sends a Close frame. */
  close(code: number | undefined, reason: string | undefined, mask: boolean, sent?: Sent): void {
    const payload = encodeClosePayload({ code: code ?? 1005, reason: reason ?? '' }, nodeBytes)
    this.sendFrame(Sender.frame(payload, { fin: true, opcode: Opcode.close, mask }), sent)
  }

  /** Sends a ping. */
  ping(data: unknown, mask: boolean, sent?: Sent): void {
    this.sendFrame(Sender.frame(bytesOf(data), { fin: true, opcode: Opcode.ping, mask }), sent)
  }

  /** Sends a pong. */
  pong(data: unknown, mask: boolean, sent?: Sent): void {
    this.sendFrame(Sender.frame(bytesOf(data), { fin: true, opcode: Opcode.pong, mask }), sent)
  }

  /** Sends a message, or a fragment of one. */
  send(
    data: unknown,
    options: { readonly binary?: boolean; readonly fin?: boolean; readonly mask?: boolean },
    sent?: Sent,
  ): void {
    const first = options.binary ? Opcode.binary : Opcode.text
    const opcode = this._fragmenting ? Opcode.continuation : first
    this._fragmenting = !options.fin
    this.sendFrame(Sender.frame(bytesOf(data), { fin: options.fin, opcode, mask: options.mask }), sent)
  }

  /** Writes an encoded frame. */
  sendFrame(frame: readonly (Uint8Array | string)[], sent?: Sent): void {
    this._socket.cork()
    frame.forEach((piece, index) => {
      this._socket.write(piece, index === frame.length - 1 ? sent : undefined)
    })
    this._socket.uncork()
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return data ? toBytes(data) : EMPTY
}

function maskingKey(generateMask: ((key: Buffer) => void) | undefined): number {
  const key = Buffer.alloc(4)
  if (generateMask === undefined) randomFillSync(key)
  else generateMask(key)
  return key.readInt32LE(0)
}
