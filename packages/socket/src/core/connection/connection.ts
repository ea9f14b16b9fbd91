import { assertBytes } from '../bytes/assert-bytes.ts'
import { CloseCode, isSendableCloseCode } from '../error/close-code.ts'
import { ProtocolError, TransportError, UsageError, WigwagError } from '../error/wigwag-error.ts'
import type { DeflateCodec } from '../extension/deflate/deflate-codec.ts'
import type { ExtensionChain } from '../extension/extension-chain.ts'
import { type CloseInfo, encodeClosePayload, fitCloseReason, parseClosePayload } from '../frame/close-payload.ts'
import { COPY_UP_TO_BYTES } from '../frame/frame-writer.ts'
import type { MessageType } from '../frame/message-type.ts'
import { Opcode } from '../frame/opcode.ts'
import { type EncodedFrame, PreparedMessage } from '../frame/prepared-message.ts'
import type { ChunkReader, ChunkReaderOwner } from './chunk-reader.ts'
import type { ConnectionProfile } from './connection-profile.ts'
import type { ConnectionSink } from './connection-sink.ts'
import type { CloseOutcome, ConnectionState } from './connection-state.ts'
import { ControlBudget } from './control-budget.ts'
import { Keepalive } from './keepalive.ts'

/** Most connections are in this state most of the time, and share it. */
const OPEN: ConnectionState = { phase: 'open' }

/**
 * A WebSocket connection behind its opening handshake (RFC 6455 §5 to §8), pure and synchronous: it is told what
 * came and what time it is, and tells one sink what to do. Peer input never makes it throw.
 */
export class Connection implements ChunkReaderOwner {
  readonly #profile: ConnectionProfile
  readonly #sink: ConnectionSink
  readonly #extensions: ExtensionChain | undefined
  /** By whose limits what comes is judged. */
  #readProfile: ConnectionProfile
  /** There while something has come that is not whole, or has to wait; otherwise it is one that serves all connections. */
  #reader: ChunkReader | undefined
  /** None where no pings are sent. */
  readonly #keepalive: Keepalive | undefined
  #state: ConnectionState = OPEN
  #controlBudget: ControlBudget | undefined
  /** A message is being sent in fragments. */
  #fragmenting = false
  /** An extension is encoding a message: what it remembers is between two messages. */
  #encoding = false
  #nowMs: number
  #heardMs: number

  /** `extensions` are what was negotiated, if anything. */
  constructor(profile: ConnectionProfile, sink: ConnectionSink, nowMs: number, extensions?: ExtensionChain) {
    this.#profile = profile
    this.#sink = sink
    this.#extensions = extensions
    this.#nowMs = nowMs
    this.#heardMs = nowMs
    this.#readProfile = profile
    if (profile.options.pingIntervalMs > 0) this.#keepalive = new Keepalive(profile.options, profile.random, nowMs)
  }

  /** `open`, `closing` or `closed`. */
  get phase(): ConnectionState['phase'] {
    return this.#state.phase
  }

  /** Whether reading stands still until `resume`. */
  get paused(): boolean {
    return this.#reader?.paused === true
  }

  /** When `tick` wants to be called next, in the milliseconds of `nowMs`; Infinity when never. */
  get deadlineMs(): number {
    const state = this.#state
    if (state.phase === 'open') return this.#keepalive?.deadlineMs ?? Infinity
    return state.phase === 'closing' ? (state.deadlineMs ?? this.#nowMs) : Infinity
  }

  /** What it was made with. */
  get profile(): ConnectionProfile {
    return this.#profile
  }

  /** Judges what comes by the limits of another profile of this role, from the next header on. What is sent stays as it was. */
  readBy(profile: ConnectionProfile): void {
    this.#readProfile = profile
    this.#reader?.judgeBy(profile.frameRules(this.#extensions), profile.options)
  }

  // ---- told by the driver

  /** Bytes came. The connection owns `chunk` from here on: it unmasks in place and hands out views of it. */
  receive(chunk: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs
    this.#heardMs = nowMs
    if (!this.wantsInput) return
    const reader = this.#takeReader()
    if (reader.push(chunk)) this.#letGo(reader)
  }

  /**
   * The same for the first `end` bytes of a buffer that is lent until this returns: whatever is kept of them is copied. With
   * `home`, an array of the connection's own with the same bytes, it is copied there.
   */
  receiveBorrowed(buffer: Uint8Array, end: number, nowMs: number, home?: Uint8Array): void {
    this.#nowMs = nowMs
    this.#heardMs = nowMs
    if (!this.wantsInput) return
    const { lent } = this.#profile
    const reader = this.#takeReader()
    const outer = lent.begin(buffer, home)
    try {
      if (reader.pushBorrowed(buffer, end)) this.#letGo(reader)
    } finally {
      lent.end(outer)
    }
  }

  /** The peer will send no more (TCP FIN). What it sent before is still told, then everything ends. */
  receiveEnd(nowMs: number): void {
    this.#nowMs = nowMs
    this.#takeReader().end()
  }

  /** The transport broke. */
  receiveError(error: Error, nowMs: number): void {
    this.#nowMs = nowMs
    this.#close(new TransportError('ERR_TRANSPORT', `The connection was lost: ${error.message}.`, { cause: error }))
  }

  /** Time has passed. To be called at `deadlineMs` or later. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs
    const state = this.#state
    if (state.phase === 'open') this.#keepAlive(nowMs)
    else if (state.phase === 'closing') {
      if (state.deadlineMs === undefined) {
        this.#state = { ...state, deadlineMs: nowMs + this.#profile.options.closeTimeoutMs }
      } else if (nowMs >= state.deadlineMs) this.terminate()
    }
  }

  // ---- told by the application

  /**
   * Sends one message: a string as text, bytes as binary. Returns whether it was accepted; `false` once closing.
   * `compress` is for extensions that compress: whether this message shall be. Default: as they were told. `type` sends
   * bytes that are UTF-8 as text, or text as binary; that the bytes are UTF-8 is the caller's to know.
   * Throws `UsageError` `ERR_ARGUMENT` for anything else, `ERR_STATE` between the fragments of another message, and within
   * `encode` of an extension.
   */
  send(data: string | Uint8Array | PreparedMessage, compress?: boolean, type?: MessageType): boolean {
    if (this.#state.phase !== 'open') return false
    if (this.#fragmenting) throw betweenFragments()
    if (this.#encoding) throw sentWithinEncode()
    const { writer } = this.#profile
    if (this.#extensions !== undefined) return this.#sendEncoded(data, this.#extensions, compress, type)
    if (typeof data === 'string') {
      if (type === 'binary') writer.frame(Opcode.binary, this.#toBytes(data), 0, this.#sink)
      else writer.text(data, this.#sink)
    } else if (data instanceof PreparedMessage) writer.prepared(data, this.#sink)
    else {
      assertBytes(data)
      writer.frame(type === 'text' ? Opcode.text : Opcode.binary, data, 0, this.#sink)
    }
    return true
  }

  /**
   * Sends a part of a message (RFC 6455 §5.4): the first begins it, as text or binary, and the one with `final` ends it.
   * Fragments are not compressed. `type` is that of the message, for the first; the default is what `data` is.
   * Returns whether it was accepted. Throws `UsageError` `ERR_ARGUMENT` for what is neither text nor bytes, `ERR_STATE`
   * when an extension in use has to see whole messages, and within `encode` of one.
   */
  sendFragment(data: string | Uint8Array, final: boolean, type?: MessageType): boolean {
    const payload = typeof data === 'string' ? this.#toBytes(data) : data
    assertBytes(payload)
    if (this.#state.phase !== 'open') return false
    if (this.#extensions?.decodes(0) === true) throw fragmentsNotExtended()
    if (this.#encoding) throw sentWithinEncode()
    const opcode = this.#fragmenting ? Opcode.continuation : messageOpcode(data, type)
    this.#fragmenting = !final
    this.#profile.writer.fragment(opcode, final, payload, this.#sink)
    return true
  }

  /** Sends a ping with up to 125 bytes. Returns whether it was accepted. Throws `UsageError` `ERR_CONTROL_PAYLOAD` for more. */
  ping(payload: Uint8Array = new Uint8Array(0)): boolean {
    return this.#sendControl(Opcode.ping, payload)
  }

  /** Sends a pong nobody asked for, with up to 125 bytes (RFC 6455 §5.5.3). Pings are answered without it. */
  pong(payload: Uint8Array = new Uint8Array(0)): boolean {
    return this.#sendControl(Opcode.pong, payload)
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2). Code 1005 sends none. Does nothing once closing.
   * Throws `UsageError` `ERR_CLOSE_CODE` for a code that must not be sent, `ERR_CLOSE_REASON` for one above 123 bytes.
   */
  close(code: number = CloseCode.noStatus, reason: string = ''): void {
    const payload = encodeClosePayload({ code, reason }, this.#profile.bytes)
    if (this.#state.phase !== 'open') return
    this.#profile.writer.frame(Opcode.close, payload, 0, this.#sink)
    this.#beginClosing('sent', { code, reason })
  }

  /** Fails the connection (RFC 6455 §7.1.7): tells the peer why, and reads nothing more from it. */
  fail(error: WigwagError, closeCode: number): void {
    if (this.#state.phase === 'closed' || (this.#state.phase === 'closing' && this.#state.handshake !== 'sent')) return
    const close = { code: closeCode, reason: fitCloseReason(error.message, this.#profile.bytes) }
    if (this.#state.phase === 'open' && isSendableCloseCode(closeCode)) {
      this.#profile.writer.frame(Opcode.close, encodeClosePayload(close, this.#profile.bytes), 0, this.#sink)
    }
    this.#reader?.discard()
    this.#beginClosing('failed', close, error)
    if (this.phase === 'closed') return
    this.#sink.end()
    // The peer's FIN has come already: nobody will tell us again that it is over.
    if (this.#reader?.ended === true) this.#close(undefined)
  }

  /** Stops reading behind the message being told, even in the middle of a chunk. The rest is kept. */
  pause(): void {
    this.#takeReader().pause()
  }

  /** Goes on reading, first what was kept. */
  resume(): void {
    const reader = this.#reader
    if (reader === undefined) return
    // The silence of a pause is ours, not the peer's.
    if (reader.paused) this.#heardMs = this.#nowMs
    if (reader.resume()) this.#letGo(reader)
  }

  /** Ends at once, without a closing handshake. The peer sees the transport go (1006). */
  terminate(): void {
    if (this.#state.phase === 'closed') return
    this.#sink.destroy()
    this.#close(undefined)
  }

  // ---- told by the frames

  message(type: MessageType, bytes: Uint8Array, start: number, end: number, ascii: boolean): boolean {
    // A codec of the application may have ended its own connection.
    if (this.#extensions !== undefined && !this.wantsInput) return false
    const { options, bytes: port } = this.#profile
    if (type === 'text' && options.textAs === 'string') {
      this.#sink.message(port.decodeText(bytes, start, end, ascii), type)
    } else {
      // What is borrowed may be sent on: so much the writer copies at once.
      const mayLend = options.bytesAs === 'borrowed' && end - start <= COPY_UP_TO_BYTES
      const { lent } = this.#profile
      const copies = !mayLend && lent.has(bytes)
      this.#sink.message(copies ? lent.own(start, end, this.#takeReader()) : bytes.subarray(start, end), type)
    }
    return this.wantsInput && !this.paused
  }

  controlFrame(): ProtocolError | undefined {
    const { maxControlFramesPerSecond } = this.#profile.options
    this.#controlBudget ??= new ControlBudget(maxControlFramesPerSecond)
    if (this.#controlBudget.take(this.#nowMs)) return undefined
    return new ProtocolError(
      'ERR_CONTROL_FLOOD',
      `Received more than ${maxControlFramesPerSecond} control frames in a second (maxControlFramesPerSecond).`,
      CloseCode.policyViolation,
    )
  }

  control(opcode: number, payload: Uint8Array): boolean {
    if (opcode === Opcode.close) {
      this.#receiveClose(payload)
      return false
    }
    if (opcode === Opcode.ping) {
      // §5.5.3: of several pings the latest may be answered alone, and this peer does not read the answers.
      const { autoPong, maxBufferedForPongBytes } = this.#profile.options
      if (autoPong && this.#sink.bufferedAmount <= maxBufferedForPongBytes) {
        this.#profile.writer.frame(Opcode.pong, payload, 0, this.#sink)
      }
      this.#sink.ping(payload)
    } else this.#sink.pong(payload)
    return this.wantsInput && !this.paused
  }

  fault(error: ProtocolError): void {
    this.fail(error, error.closeCode)
  }

  // ---- told by the reader

  get wantsInput(): boolean {
    return this.#state.phase === 'open' || (this.#state.phase === 'closing' && this.#state.handshake === 'sent')
  }

  readingFailed(): void {
    this.fail(
      new UsageError('ERR_STATE', 'A sink method threw while a message was being told.'),
      CloseCode.internalError,
    )
  }

  inputEnded(): void {
    this.#close(undefined)
  }

  /** Its own, or one that has nothing to remember and is its own from here on. */
  #takeReader(): ChunkReader {
    if (this.#reader !== undefined) return this.#reader
    const rules = this.#readProfile
    const extensions = this.#extensions
    this.#reader = this.#profile.readers.take(this, rules.frameRules(extensions), rules.options, extensions)
    return this.#reader
  }

  /** Nothing of this connection is in it: others may read with it. */
  #letGo(reader: ChunkReader): void {
    this.#reader = undefined
    this.#profile.readers.giveBack(reader)
  }

  // ---- closing

  #receiveClose(payload: Uint8Array): void {
    const close = parseClosePayload(payload, this.#profile.bytes)
    if (close instanceof ProtocolError) {
      this.fault(close)
      return
    }
    // §5.5.1: answer with a Close frame of our own, typically with the code that came.
    if (this.#state.phase === 'open') {
      const { bytes, options } = this.#profile
      const answer = encodeClosePayload(options.echoCloseReason ? close : { code: close.code, reason: '' }, bytes)
      this.#profile.writer.frame(Opcode.close, answer, 0, this.#sink)
    }
    this.#beginClosing('done', close)
    // §7.1.1: the server closes TCP first; the client waits for that.
    const endsFirst = this.#profile.role === 'server' || this.#profile.options.clientEndsTransport
    if (endsFirst && this.phase === 'closing') this.#sink.end()
  }

  #beginClosing(handshake: 'sent' | 'done' | 'failed', close: CloseInfo, error?: WigwagError): void {
    const before = this.#state
    if (before.phase === 'closed') return // the transport broke while it took our Close frame
    const deadlineMs = before.phase === 'closing' ? before.deadlineMs : undefined
    this.#state = { phase: 'closing', handshake, close, error, deadlineMs }
    if (before.phase === 'open') this.#sink.closing(close, error)
  }

  #close(lost: TransportError | undefined): void {
    const state = this.#state
    if (state.phase === 'closed') return
    const outcome = describeEnd(state, lost)
    this.#reader?.discard()
    this.#state = { phase: 'closed', outcome }
    if (state.phase === 'open') this.#sink.closing(outcome, outcome.error)
    this.#sink.closed(outcome)
  }

  #keepAlive(nowMs: number): void {
    const keepalive = this.#keepalive
    if (keepalive === undefined) return
    // While we do not read, silence says nothing about the peer; a ping still keeps what is in between awake.
    const effect = this.paused ? keepalive.tickUnheard(nowMs) : keepalive.tick(this.#heardMs, nowMs)
    if (effect === 'ping') this.#profile.writer.frame(Opcode.ping, new Uint8Array(0), 0, this.#sink)
    if (effect !== 'fail') return
    const waitedMs = this.#profile.options.pongTimeoutMs
    const error = new ProtocolError(
      'ERR_KEEPALIVE_TIMEOUT',
      `The peer did not answer a ping within ${waitedMs} ms (pongTimeoutMs); it is taken for gone.`,
      CloseCode.internalError,
    )
    this.fault(error)
    this.terminate()
  }

  // ---- sending

  #sendControl(opcode: number, payload: Uint8Array): boolean {
    assertBytes(payload)
    if (payload.length > 125) {
      throw new UsageError(
        'ERR_CONTROL_PAYLOAD',
        `A control frame carries at most 125 bytes (RFC 6455 §5.5), not ${payload.length}.`,
      )
    }
    if (this.#state.phase !== 'open') return false
    this.#profile.writer.frame(opcode, payload, 0, this.#sink)
    return true
  }

  #sendEncoded(
    data: string | Uint8Array | PreparedMessage,
    extensions: ExtensionChain,
    compress: boolean | undefined,
    type: MessageType | undefined,
  ): boolean {
    // Whoever is told of a write may send here: not between what an extension remembers of this message and its frame.
    this.#profile.writer.makeSpace(mostBytes(data))
    if (this.phase !== 'open') return false
    if (data instanceof PreparedMessage && type === undefined && this.#profile.role === 'server') {
      const sent = extensions.deflate && this.#sendPrepared(data, extensions.deflate, compress)
      if (sent !== undefined) return sent
    }
    const message = data instanceof PreparedMessage ? data.data : data
    const wish = compress ?? (data instanceof PreparedMessage ? data.compress : undefined)
    const opcode = messageOpcode(message, type ?? (data instanceof PreparedMessage ? data.type : undefined))
    const payload = typeof message === 'string' ? this.#toBytes(message) : message
    assertBytes(payload)
    let encoded: Uint8Array
    this.#encoding = true
    try {
      encoded = extensions.encode(payload, wish)
    } catch (error) {
      return this.#encodingFailed(error)
    } finally {
      this.#encoding = false
    }
    // A codec of the application may have closed its own connection.
    if (this.phase !== 'open') return false
    this.#profile.writer.frame(opcode, encoded, extensions.encodedBits, this.#sink)
    return true
  }

  /** Writes the frame that other connections with the same window are sent, too; `undefined` when it is not to be shared. */
  #sendPrepared(message: PreparedMessage, codec: DeflateCodec, compress: boolean | undefined): boolean | undefined {
    const { bytes, writer } = this.#profile
    let frame: EncodedFrame | undefined
    try {
      frame = codec.preparedFrame(message, compress, bytes, writer)
    } catch (error) {
      return this.#encodingFailed(error)
    }
    if (frame === undefined) return undefined
    this.#sink.write(frame.buffer, frame.start, frame.end)
    return true
  }

  #encodingFailed(error: unknown): false {
    // What both ends remember may differ from here on, so no message can follow.
    const what = error instanceof Error ? error.message : String(error)
    const failure = new WigwagError('ERR_EXTENSION', `An extension failed on a message to send: ${what}.`, {
      cause: error,
    })
    this.fail(failure, CloseCode.internalError)
    return false
  }

  #toBytes(text: string): Uint8Array {
    const { bytes } = this.#profile
    const target = bytes.allocate(bytes.textByteLength(text))
    bytes.encodeText(text, target, 0)
    return target
  }
}

/** UTF-8 has up to three bytes for a UTF-16 code unit. What is no message is refused later. */
function mostBytes(message: string | Uint8Array | PreparedMessage): number {
  const data = message instanceof PreparedMessage ? message.data : message
  if (typeof data === 'string') return data.length * 3
  return data instanceof Uint8Array ? data.length : 0
}

function messageOpcode(data: string | Uint8Array, type: MessageType | undefined): number {
  return (type ?? (typeof data === 'string' ? 'text' : 'binary')) === 'text' ? Opcode.text : Opcode.binary
}

function betweenFragments(): UsageError {
  return new UsageError(
    'ERR_STATE',
    'A message is being sent in fragments: send its last fragment before another message.',
  )
}

function sentWithinEncode(): UsageError {
  return new UsageError('ERR_STATE', 'An extension that encodes a message must not send another on its connection.')
}

function fragmentsNotExtended(): UsageError {
  return new UsageError('ERR_STATE', 'An extension in use changes every message: fragments cannot be sent.')
}

/** What the end of the transport means in each state (RFC 6455 §7.1.4 to §7.1.6). */
function describeEnd(state: ConnectionState, lost: TransportError | undefined): CloseOutcome {
  if (state.phase === 'closed') return state.outcome
  if (state.phase === 'closing' && state.handshake === 'done') return { ...state.close, clean: true, error: undefined }
  if (state.phase === 'closing' && state.handshake === 'failed') {
    return { ...state.close, clean: false, error: state.error }
  }
  return { code: CloseCode.abnormal, reason: '', clean: false, error: lost }
}
