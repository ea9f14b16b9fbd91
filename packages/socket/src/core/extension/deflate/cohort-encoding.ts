import type { FrameWriter } from '../../frame/frame-writer.ts'
import { Opcode } from '../../frame/opcode.ts'
import type { EncodedFrame, PreparedEncoding, PreparedMessage } from '../../frame/prepared-message.ts'
import { type CompressorRules, compressMessage } from './compressor.ts'
import type { DeflatePort } from './deflate-port.ts'
import { endsWith, type Rivals, SharedText } from './shared-text.ts'
import { EMPTY_WINDOW, endOf, slideWindow } from './sliding-window.ts'

/** RSV1 as a reserved bit (RFC 7692 §6). */
const RSV1 = 4

/** Most texts that one message makes (count). Whoever would need another goes on with the first of them. */
const MAX_TEXTS = 4
/** Most ways that are remembered (count); others are found anew for each connection, without compressing again. */
const MAX_WAYS = 16

/** One form of the message on the wire. */
interface Form {
  /** What is in the frame; none for the message as it is. */
  readonly payload: Uint8Array | undefined
  /** Whether it is smaller than the message. */
  readonly isSmaller: boolean
  frame: EncodedFrame | undefined
}

/** What those connections are sent that know enough of a text, and where they stand behind it. */
interface Way {
  readonly from: SharedText | undefined
  /** How many bytes of `from` a connection must know, at least and at most. */
  readonly least: number
  readonly most: number
  readonly form: Form
  /** The text behind the message, unless it enters no window. */
  readonly to: SharedText | undefined
  /** How many of the last bytes of `to` are those of `from` and the message. */
  readonly knownAtMost: number
}

/** The message as it is. */
const PLAIN: Form = { payload: undefined, isSmaller: false, frame: undefined }
const PLAIN_WAY: Way = { from: undefined, least: 0, most: 0, form: PLAIN, to: undefined, knownAtMost: 0 }

/**
 * One prepared message for all connections with the same compressor. It is compressed at most twice: once against the
 * text that the largest cohort knows, and once on its own for everybody else. Either way it enters all their windows, so
 * whoever was sent a window full of the same messages is in the same cohort, wherever it came from.
 *
 * Everything that is remembered of a message is here: it goes when the message does.
 */
export class CohortEncoding implements PreparedEncoding {
  readonly owner: CompressorRules
  readonly next: PreparedEncoding | undefined
  readonly #message: PreparedMessage
  readonly #payload: Uint8Array
  /** Whether it is compressed at all, if that makes it smaller. */
  readonly compresses: boolean
  readonly #port: DeflatePort
  /** Compressed on its own. */
  #contained: Form | undefined
  /** Compressed against the last `#ledBytes` bytes of `#ledText`. */
  #led: Form | undefined
  #ledText: SharedText | undefined
  #ledBytes = 0
  #ways: Way[] = []
  /** For those that share no text. */
  #strangers: Way | undefined
  #texts: SharedText[] = []
  #rivals: Rivals = { largest: 0 }
  /** Where, and under which recycling of the arena, it was begun. */
  readonly #writer: FrameWriter
  #generation: number
  /** The way that was taken last. A field instead of a result, so that nothing is allocated for it. */
  #taken: Way = PLAIN_WAY

  /** `payload` is what `message` says in bytes, if it is to be compressed. */
  constructor(
    owner: CompressorRules,
    port: DeflatePort,
    message: PreparedMessage,
    payload: Uint8Array | undefined,
    writer: FrameWriter,
  ) {
    this.owner = owner
    this.next = message.encodings
    this.#port = port
    this.#message = message
    this.#payload = payload ?? EMPTY_WINDOW
    this.compresses = payload !== undefined
    this.#writer = writer
    this.#generation = writer.generation
  }

  /** How many bytes of text it puts into windows. */
  get plainBytes(): number {
    return this.#payload.length
  }

  /** The frame for a connection that knows the last `known` bytes of `text`, if such a one was sent it before. */
  readyFrame(text: SharedText | undefined, known: number): EncodedFrame | undefined {
    const way = this.#find(text, known)
    if (way === undefined) return undefined
    this.#taken = way
    return way.form === PLAIN ? this.#message.encoded : way.form.frame
  }

  /** The same, compressed now if need be. Throws what the port throws. */
  frame(text: SharedText | undefined, known: number, writer: FrameWriter): EncodedFrame {
    let way = this.#find(text, known)
    if (way === undefined) {
      if (text !== undefined && writer === this.#writer && this.#generation !== writer.generation) this.#beginAnew()
      way = this.#addWay(text, known)
    }
    this.#taken = way
    const { form } = way
    if (form.payload === undefined) return writer.preparedFrame(this.#message)
    if (form.frame === undefined || !writer.holds(form.frame)) {
      const opcode = this.#message.type === 'text' ? Opcode.text : Opcode.binary
      form.frame = writer.sharedFrame(opcode, form.payload, RSV1)
    }
    return form.frame
  }

  /** The text behind the message for whom the last frame was; `undefined` when its window stays as it was. */
  get textBehind(): SharedText | undefined {
    return this.#taken.to
  }

  /** How much of `textBehind` is known by who knew `known` bytes of `text` before. Counts one connection over. */
  moveFrom(text: SharedText | undefined, known: number): number {
    const { to, knownAtMost } = this.#taken
    const knownThen = Math.min(known + this.#payload.length, knownAtMost)
    if (text !== undefined && known === text.bytes.length && text.cohort > 0) text.cohort--
    if (knownThen === to?.bytes.length) to.join()
    return knownThen
  }

  #find(text: SharedText | undefined, known: number): Way | undefined {
    if (!this.compresses) return PLAIN_WAY
    if (text === undefined) return this.#strangers
    for (const way of this.#ways) {
      if (way.from === text && known >= way.least && known <= way.most) return way
    }
    return undefined
  }

  /** Sent again in a later turn to windows that have moved on, a message is a new one. On its own it stays what it is. */
  #beginAnew(): void {
    this.#generation = this.#writer.generation
    this.#led = undefined
    this.#ledText = undefined
    this.#ways = []
    this.#strangers = undefined
    this.#texts = []
    this.#rivals = { largest: 0 }
  }

  #addWay(text: SharedText | undefined, known: number): Way {
    if (this.#led === undefined && text !== undefined && mayLead(text, known)) this.#lead(text, known)
    const form = this.#formFor(text, known)
    if (text === undefined) {
      this.#strangers = this.#wayOfStrangers(form)
      return this.#strangers
    }
    const way = form === PLAIN ? plainWay(text, this.#led !== undefined) : this.#wayFrom(text, form)
    // Who knows enough finds the better way first.
    if (form === this.#led) this.#ways.unshift(way)
    else if (this.#ways.length < MAX_WAYS) this.#ways.push(way)
    return way
  }

  /** Compresses for those that know the last `known` bytes of `text`. */
  #lead(text: SharedText, known: number): void {
    const form = this.#compress(endOf(text.bytes, known))
    this.#ledText = text
    this.#ledBytes = known
    this.#led = form.isSmaller ? form : PLAIN
    if (this.#led === PLAIN) return
    // For those that stayed behind there is something to come up with now.
    this.#ways = this.#ways.filter((way) => way.form !== PLAIN)
    if (this.#strangers?.form === PLAIN) this.#strangers = undefined
  }

  /** Which form a connection gets. */
  #formFor(text: SharedText | undefined, known: number): Form {
    const led = this.#led
    // What all that is known does not make smaller, nothing does.
    if (led === PLAIN) return PLAIN
    if (led !== undefined && text === this.#ledText && known >= this.#ledBytes) return led
    this.#contained ??= this.#compress(EMPTY_WINDOW)
    // Perhaps a few bytes more now; but behind it a connection knows the beginning of what the others know.
    const comesUp = led !== undefined && this.#payload.length <= this.#windowBytes
    return this.#contained.isSmaller || comesUp ? this.#contained : PLAIN
  }

  #compress(dictionary: Uint8Array): Form {
    const compressed = compressMessage(this.#port, this.#payload, dictionary, this.owner)
    // A copy of the right size: it may stay as long as the message, and the port's memory need not.
    return { payload: compressed.slice(), isSmaller: compressed.length < this.#payload.length, frame: undefined }
  }

  #wayOfStrangers(form: Form): Way {
    const isKept = form !== PLAIN && this.owner.contextTakeover
    const to = isKept ? this.#firstText() : undefined
    const knownAtMost = Math.min(this.#payload.length, this.#windowBytes)
    return { from: undefined, least: 0, most: 0, form, to, knownAtMost }
  }

  #wayFrom(text: SharedText, form: Form): Way {
    const isLed = form === this.#led
    const least = isLed ? this.#ledBytes : 0
    // While nobody leads, those that know all of it still may.
    const most = this.#led === undefined && !text.yields ? text.bytes.length - 1 : Infinity
    const bounds = { from: text, least, most, form }
    if (!isLed && this.#texts.length >= MAX_TEXTS) return { ...this.#wayOfStrangers(form), ...bounds }
    // What those do not know that it is compressed for need not be kept: then they know all of the text behind it.
    const window = isLed ? endOf(text.bytes, this.#ledBytes) : text.bytes
    const bytes = slideWindow(window, this.#payload, this.#windowBytes)
    return { ...bounds, to: this.#textEndingWith(bytes), knownAtMost: bytes.length }
  }

  /** The message itself, or what ends with it. */
  #firstText(): SharedText {
    return this.#texts[0] ?? this.#addText(slideWindow(EMPTY_WINDOW, this.#payload, this.#windowBytes))
  }

  /** Texts that tell the same, one of them more of it, become one. */
  #textEndingWith(bytes: Uint8Array): SharedText {
    for (const text of this.#texts) {
      if (endsWith(text.bytes, bytes)) return text
      if (!endsWith(bytes, text.bytes)) continue
      text.lengthen(bytes)
      return text
    }
    return this.#addText(bytes)
  }

  #addText(bytes: Uint8Array): SharedText {
    const text = new SharedText(bytes, this.#rivals)
    this.#texts.push(text)
    return text
  }

  get #windowBytes(): number {
    return 2 ** this.owner.windowBits
  }
}

/** Whether a message may be compressed for those that know the last `known` bytes of `text`. */
function mayLead(text: SharedText, known: number): boolean {
  // Who does not know all comes up with those who do; but not when there is none.
  return known === text.bytes.length ? !text.yields : known > 0 && text.cohort === 0
}

/** A way that leaves windows as they are, for as long as nobody leads or, when that `isFinal`, for all. */
function plainWay(from: SharedText, isFinal: boolean): Way {
  const most = isFinal || from.yields ? Infinity : from.bytes.length - 1
  return { from, least: 0, most, form: PLAIN, to: undefined, knownAtMost: 0 }
}
