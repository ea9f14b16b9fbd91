import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { type FrameSpec, frameBytes, TEST_MASK } from '@wigwag/socket/testing'
import { onTestFinished } from 'vitest'
import { LOCALHOST_CERTIFICATE } from './localhost-certificate.ts'
import { Watched } from './watched.ts'

/** A frame as it came; the payload is copied out of the stream. */
export interface WireFrame {
  readonly opcode: number
  readonly fin: boolean
  /** RSV1, RSV2, RSV3 as three bits (4, 2, 1). */
  readonly rsv: number
  readonly masked: boolean
  readonly payload: Buffer
}

/** The key of RFC 6455 §1.3, and what answers it. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** What a raw peer may do otherwise. */
export interface RawPeerOptions {
  readonly host?: string
  readonly tls?: boolean
  /** Keeps our half open behind the server's FIN. */
  readonly allowHalfOpen?: boolean
  /** An own socket, such as one that a raw server accepted. */
  readonly socket?: Socket
}

/**
 * The other end of a connection by hand: a TCP or TLS socket, what it received as head, body and frames, and nothing
 * that answers by itself.
 */
export class RawPeer extends Watched {
  readonly socket: Socket
  /** The head that came, without its empty line; `undefined` before that. */
  head: string | undefined
  /** What came behind the head, when that is no 101: the bytes as text. */
  body = ''
  readonly frames: WireFrame[] = []
  /** How many of them are data frames. */
  messages = 0
  /** How many 'data' events brought frames. */
  chunks = 0
  ended = false
  closed = false
  error: Error | undefined
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    super()
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#set(() => (this.ended = true)))
    socket.on('error', (error) => this.#set(() => (this.error = error)))
    socket.on('close', () => this.#set(() => (this.closed = true)))
    // Weakly, because some tests have tens of thousands of peers; one that is open is never collected.
    const own = new WeakRef(socket)
    onTestFinished(() => {
      own.deref()?.destroy()
    })
  }

  /** Connects; resolves when bytes can be written. */
  static async connect(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
    const { host = '127.0.0.1', tls = false, allowHalfOpen = false } = options
    const socket = tls
      ? connectTls({ host, port, ca: LOCALHOST_CERTIFICATE.cert, servername: 'localhost' })
      : connectTcp({ host, port, allowHalfOpen, noDelay: true })
    const peer = new RawPeer(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve).once('error', reject)
    })
    return peer
  }

  /** Connects and performs the opening handshake. */
  static async upgrade(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
    const peer = await RawPeer.connect(port, options)
    peer.write(upgradeRequest())
    await peer.until(() => peer.head !== undefined)
    if (!peer.head?.startsWith('HTTP/1.1 101')) throw new Error(`Refused: ${peer.head}`)
    return peer
  }

  /** The server's end of a connection whose upgrade request has been read. */
  static upgraded(socket: Socket): RawPeer {
    const peer = new RawPeer(socket)
    peer.head = ''
    return peer
  }

  get status(): number {
    return Number(this.head?.split(' ')[1])
  }

  /** The value of a header field of the head. */
  header(name: string): string | undefined {
    return new RegExp(`^${name}: *(.*)$`, 'im').exec(this.head ?? '')?.[1]
  }

  /** The payloads of the data frames, as text. */
  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode < 8).map(({ payload }) => payload.toString())
  }

  /** Code and reason of the Close frame that came; code 1005 when it had none. */
  get close(): { code: number; reason: string } | undefined {
    const frame = this.frames.find(({ opcode }) => opcode === 8)
    if (frame === undefined) return undefined
    if (frame.payload.length === 0) return { code: 1005, reason: '' }
    return { code: frame.payload.readUInt16BE(0), reason: frame.payload.toString('utf8', 2) }
  }

  /** Goes with a reset (TCP RST) where the socket is a TCP one, abruptly otherwise. */
  reset(): void {
    if (this.socket instanceof TLSSocket) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  /** Sends a frame, masked as a client does. */
  frame(opcode: number, payload: Uint8Array | string = '', spec: Partial<FrameSpec> = {}): void {
    this.write(frameBytes({ opcode, payload, mask: TEST_MASK, ...spec }))
  }

  /** Forgets the head, to read another answer on the same connection. */
  nextHead(): void {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    this.head = undefined
    this.body = ''
    if (rest.length > 0) this.#receive(rest)
  }

  #set(change: () => void): void {
    change()
    this.changed()
  }

  #receive(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.head === undefined) {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.#rest.toString('latin1', 0, end)
      this.#rest = this.#rest.subarray(end + 4)
    }
    if (this.status === 101 || !this.head.startsWith('HTTP/')) {
      this.chunks++
      this.#takeFrames()
    } else this.#takeBody()
    this.changed()
  }

  #takeBody(): void {
    const length = Number(this.header('content-length') ?? Infinity)
    const taken = this.#rest.subarray(0, Math.max(0, length - Buffer.byteLength(this.body)))
    this.body += taken.toString('utf8')
    this.#rest = this.#rest.subarray(taken.length)
  }

  #takeFrames(): void {
    const bytes = this.#rest
    let at = 0
    while (bytes.length - at >= 2) {
      const second = bytes[at + 1] as number
      const short = second & 0x7f
      const extended = short === 126 ? 2 : short === 127 ? 8 : 0
      const masked = (second & 0x80) !== 0
      const payloadStart = at + 2 + extended + (masked ? 4 : 0)
      if (bytes.length < payloadStart) break
      const length =
        extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
      if (bytes.length < payloadStart + length) break
      const payload = Buffer.from(bytes.subarray(payloadStart, payloadStart + length))
      if (masked) for (let i = 0; i < length; i++) (payload[i] as number) ^= bytes[payloadStart - 4 + (i & 3)] as number
      const first = bytes[at] as number
      if ((first & 0x0f) < 8) this.messages++
      this.frames.push({ opcode: first & 0x0f, fin: first >= 0x80, rsv: (first >> 4) & 7, masked, payload })
      at = payloadStart + length
    }
    this.#rest = at === 0 ? bytes : bytes.subarray(at)
  }
}

/** Header fields of a proper upgrade request; `undefined` leaves one out. */
export type RequestFields = Readonly<Record<string, string | readonly string[] | undefined>>

const UPGRADE_FIELDS: RequestFields = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': SAMPLE_KEY,
  'Sec-WebSocket-Version': '13',
}

/** The head of an upgrade request, with some of its fields changed. */
export function upgradeRequest(fields: RequestFields = {}, requestLine = 'GET / HTTP/1.1'): string {
  return requestHead(requestLine, { ...UPGRADE_FIELDS, ...fields })
}

/** Any request head. */
export function requestHead(requestLine: string, fields: RequestFields): string {
  let head = `${requestLine}\r\n`
  for (const [name, values] of Object.entries(fields)) {
    for (const value of values === undefined ? [] : [values].flat()) head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}
