import type { BytePort } from '../bytes/byte-port.ts'
import { Utf8Validator } from '../bytes/utf8-validator.ts'
import { CloseCode } from '../error/close-code.ts'
import { ProtocolError } from '../error/wigwag-error.ts'
import { type ExtensionChain, maxEncodedBytes } from '../extension/extension-chain.ts'
import type { FrameConsumer } from '../frame/frame-parser.ts'
import type { MessageType } from '../frame/message-type.ts'
import { isControlOpcode, Opcode } from '../frame/opcode.ts'
import { GatherBuffer } from './gather-buffer.ts'
import type { MessageLimits } from './message-limits.ts'

/** How text is checked: `'strict'` as RFC 6455 §8.1 demands, `'trust'` for links where both ends are ours. */
export type Utf8Mode = 'strict' | 'trust'

/** What the assembler tells. `false` from a method stops the parser behind the frame that caused the call. */
export interface MessageConsumer {
  /** One whole message: `bytes[start, end)`, decoded, and well-formed if text is checked. `ascii` promises bytes below 0x80. */
  message(type: MessageType, bytes: Uint8Array, start: number, end: number, ascii: boolean): boolean
  /** A control frame's header came; returns the fault when there are too many. */
  controlFrame(): ProtocolError | undefined
  /** One whole control frame. `payload` is the consumer's to keep. */
  control(opcode: number, payload: Uint8Array): boolean
  /** The peer is at fault. Nothing more will be told. */
  fault(error: ProtocolError): void
}

/** What stays the same for every message of a connection, and for every connection of a server. */
export interface MessageRules extends MessageLimits {
  readonly utf8: Utf8Mode
}

/** The message whose frames are arriving. */
interface PartialMessage {
  readonly type: MessageType
  /** The reserved bits of its first frame. */
  readonly reservedBits: number
  /** Whether an extension has to decode it. */
  readonly encoded: boolean
  readonly gathered: GatherBuffer
  /** Set when the text is checked as it arrives; encoded text can be checked only when it is decoded. */
  readonly validator: Utf8Validator | undefined
  fragments: number
}

/**
 * Puts messages together from frames (RFC 6455 §5.4), with control frames between the fragments, and checks text as
 * it arrives (§8.1). A message that lies whole in one chunk is handed on where it lies.
 */
export class MessageAssembler implements FrameConsumer {
  /** May change between two headers. */
  rules: MessageRules
  readonly #port: BytePort
  #extensions: ExtensionChain | undefined
  #consumer: MessageConsumer
  #message: PartialMessage | undefined
  // The header of the frame whose payload is arriving.
  #opcode = 0
  #fin = false
  #reservedBits = 0
  #encoded = false
  #remaining = 0
  #control: GatherBuffer | undefined

  constructor(rules: MessageRules, port: BytePort, extensions: ExtensionChain | undefined, consumer: MessageConsumer) {
    this.rules = rules
    this.#port = port
    this.#extensions = extensions
    this.#consumer = consumer
  }

  /** Whether it remembers nothing of what came: then it may serve another connection. */
  get betweenMessages(): boolean {
    return this.#message === undefined && this.#control === undefined
  }

  /** Serves another connection from here on. */
  serve(rules: MessageRules, extensions: ExtensionChain | undefined, consumer: MessageConsumer): void {
    this.rules = rules
    this.#extensions = extensions
    this.#consumer = consumer
  }

  /** Keeps nothing of a connection until it serves the next. */
  forgetConsumer(nobody: MessageConsumer): void {
    this.#extensions = undefined
    this.#consumer = nobody
  }

  frame(opcode: number, fin: boolean, reservedBits: number, payloadBytes: number): ProtocolError | undefined {
    this.#remaining = payloadBytes
    this.#opcode = opcode
    if (isControlOpcode(opcode)) return this.#consumer.controlFrame()
    this.#fin = fin
    const message = this.#message
    if (opcode === Opcode.continuation) {
      if (message === undefined) return unexpectedContinuation()
      if (++message.fragments > this.rules.maxFragments) return tooManyFragments(this.rules.maxFragments)
      return this.#checkSize(message.gathered.size + payloadBytes, message.encoded)
    }
    if (message !== undefined) return interleaved(opcode)
    this.#reservedBits = reservedBits
    this.#encoded = this.#extensions?.decodes(reservedBits) ?? false
    return this.#checkSize(payloadBytes, this.#encoded)
  }

  payload(chunk: Uint8Array, start: number, end: number, last: boolean, ascii: boolean): boolean {
    if (isControlOpcode(this.#opcode)) return this.#controlPayload(chunk, start, end, last)
    if (last && this.#fin && this.#message === undefined) {
      const type = this.#opcode === Opcode.text ? 'text' : 'binary'
      if (this.#encoded) return this.#decode(type, this.#reservedBits, chunk.subarray(start, end), true)
      return this.#whole(type, chunk, start, end, ascii)
    }
    return this.#gather(chunk, start, end, last, ascii)
  }

  takesWhole(payloadBytes: number): boolean {
    return this.#message === undefined && this.#extensions === undefined && payloadBytes <= this.rules.maxMessageBytes
  }

  whole(opcode: number, chunk: Uint8Array, start: number, end: number, ascii: boolean): boolean {
    return this.#whole(opcode === Opcode.text ? 'text' : 'binary', chunk, start, end, ascii)
  }

  fault(error: ProtocolError): void {
    this.#message = undefined
    this.#consumer.fault(error)
  }

  #whole(type: MessageType, bytes: Uint8Array, start: number, end: number, ascii: boolean): boolean {
    if (type === 'text' && !ascii && this.rules.utf8 === 'strict' && !this.#port.isUtf8(bytes, start, end)) {
      return this.#refuse(invalidText())
    }
    return this.#consumer.message(type, bytes, start, end, ascii)
  }

  #gather(chunk: Uint8Array, start: number, end: number, last: boolean, ascii: boolean): boolean {
    this.#message ??= this.#begin()
    const message = this.#message
    this.#remaining -= end - start
    const validator = message.validator
    if (validator !== undefined && !(ascii && validator.complete) && !validator.push(chunk, start, end)) {
      return this.#refuse(invalidText())
    }
    message.gathered.append(chunk, start, end, this.#remaining)
    return last && this.#fin ? this.#finish(message) : true
  }

  #begin(): PartialMessage {
    const type = this.#opcode === Opcode.text ? 'text' : 'binary'
    const checked = type === 'text' && !this.#encoded && this.rules.utf8 === 'strict'
    return {
      type,
      reservedBits: this.#reservedBits,
      encoded: this.#encoded,
      gathered: new GatherBuffer(this.#port),
      validator: checked ? new Utf8Validator(this.#port) : undefined,
      fragments: 1,
    }
  }

  #finish(message: PartialMessage): boolean {
    this.#message = undefined
    const bytes = message.gathered.take()
    if (message.encoded) return this.#decode(message.type, message.reservedBits, bytes, false)
    if (message.validator !== undefined && !message.validator.complete) return this.#refuse(invalidText())
    return this.#consumer.message(message.type, bytes, 0, bytes.length, false)
  }

  #decode(type: MessageType, reservedBits: number, bytes: Uint8Array, inChunk: boolean): boolean {
    const decoded = (this.#extensions as ExtensionChain).decode(bytes, reservedBits, this.rules.maxMessageBytes)
    if (decoded instanceof ProtocolError) return this.#refuse(decoded)
    // A codec may hand out a part of what it was given; the chunk, however, may be lent.
    const own = inChunk && decoded.buffer === bytes.buffer ? this.#port.copy(decoded, 0, decoded.length) : decoded
    return this.#whole(type, own, 0, own.length, false)
  }

  #controlPayload(chunk: Uint8Array, start: number, end: number, last: boolean): boolean {
    // A copy, because whoever gets it may keep it, and the chunk may be large.
    this.#control ??= new GatherBuffer(this.#port)
    this.#remaining -= end - start
    this.#control.append(chunk, start, end, this.#remaining)
    if (!last) return true
    const payload = this.#control.take()
    this.#control = undefined
    return this.#consumer.control(this.#opcode, payload)
  }

  #checkSize(messageBytes: number, encoded: boolean): ProtocolError | undefined {
    const { maxMessageBytes } = this.rules
    // An encoded message within the larger bound is judged again by what it decodes to.
    if (messageBytes <= maxMessageBytes || (encoded && messageBytes <= maxEncodedBytes(maxMessageBytes))) {
      return undefined
    }
    return new ProtocolError(
      'ERR_MESSAGE_TOO_LARGE',
      `Received a message of at least ${messageBytes} bytes; maxMessageBytes is ${maxMessageBytes}. ` +
        'Send smaller messages, or raise maxMessageBytes.',
      CloseCode.messageTooBig,
      { received: messageBytes },
    )
  }

  #refuse(error: ProtocolError): false {
    this.fault(error)
    return false
  }
}

function unexpectedContinuation(): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_UNEXPECTED_CONTINUATION',
    'Received a continuation frame, but no message is in progress (RFC 6455 §5.4).',
    CloseCode.protocolError,
  )
}

function interleaved(opcode: number): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_INTERLEAVED',
    `Received opcode 0x${opcode.toString(16)}, the start of a message, before the last fragment of the one in progress ` +
      '(RFC 6455 §5.4).',
    CloseCode.protocolError,
    { received: opcode },
  )
}

function tooManyFragments(maxFragments: number): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_TOO_MANY_FRAGMENTS',
    `Received a message in more than ${maxFragments} fragments (maxFragments). Send fewer, larger fragments.`,
    CloseCode.policyViolation,
  )
}

function invalidText(): ProtocolError {
  return new ProtocolError(
    'ERR_MESSAGE_UTF8',
    'Received a text message that is not UTF-8 (RFC 6455 §8.1). Send bytes as a binary message.',
    CloseCode.invalidPayload,
  )
}
