import type { BytePort } from '../bytes/byte-port.ts'
import type { ExtensionChain } from '../extension/extension-chain.ts'
import { FrameParser } from '../frame/frame-parser.ts'
import type { FrameRules } from '../frame/frame-rules.ts'
import { MessageAssembler, type MessageConsumer, type MessageRules } from '../message/message-assembler.ts'

/** Whose input is read. */
export interface ChunkReaderOwner extends MessageConsumer {
  /** Whether anything that comes still counts. */
  readonly wantsInput: boolean
  /** A sink method threw: where in the chunk we stood is lost, so nothing more can be read. */
  readingFailed(): void
  /** Everything that came before the end of the input has been read. */
  inputEnded(): void
}

/** Nothing is read for nobody. */
const NOBODY: ChunkReaderOwner = {
  wantsInput: false,
  readingFailed() {},
  inputEnded() {},
  message: () => false,
  controlFrame: () => undefined,
  control: () => false,
  fault() {},
}

/**
 * Turns chunks into messages, one behind the other, and stands still when told: between two messages of one chunk, and for
 * chunks that come while the sink is being told of an earlier one. What has to wait is kept, in order.
 */
export class ChunkReader {
  readonly #assembler: MessageAssembler
  readonly #parser: FrameParser
  readonly #port: BytePort
  #owner: ChunkReaderOwner
  #paused = false
  #reading = false
  #ended = false
  /** What has to wait, in order; mostly there is nothing. */
  #kept: Uint8Array[] | undefined

  constructor(
    port: BytePort,
    owner: ChunkReaderOwner,
    frame: FrameRules,
    message: MessageRules,
    extensions: ExtensionChain | undefined,
  ) {
    this.#port = port
    this.#owner = owner
    this.#assembler = new MessageAssembler(message, port, extensions, owner)
    this.#parser = new FrameParser(frame, port, this.#assembler)
  }

  /** Serves another connection from here on. */
  serve(
    owner: ChunkReaderOwner,
    frame: FrameRules,
    message: MessageRules,
    extensions: ExtensionChain | undefined,
  ): void {
    this.#owner = owner
    this.#parser.rules = frame
    this.#assembler.serve(message, extensions, owner)
  }

  /** Keeps nobody in memory until it serves the next. */
  forgetOwner(): void {
    this.#owner = NOBODY
    this.#assembler.forgetConsumer(NOBODY)
  }

  /** Judges what comes by other rules, from the next header on. */
  judgeBy(frame: FrameRules, message: MessageRules): void {
    this.#parser.rules = frame
    this.#assembler.rules = message
  }

  /** See `FrameParser.unmaskAhead`. */
  unmaskAhead(chunk: Uint8Array, from: number, limit: number, withText: boolean): number {
    return this.#parser.unmaskAhead(chunk, from, limit, withText)
  }

  /** Whether reading stands still until `resume`. */
  get paused(): boolean {
    return this.#paused
  }

  /** Whether the end of the input has come, read or not. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Reads a chunk now, or later if it has to wait. Returns whether it remembers nothing of what came, and more is wanted: then
   * it may serve another connection.
   */
  push(chunk: Uint8Array): boolean {
    if (!this.#reading && !this.#paused) return this.#read(chunk, chunk.length)
    this.#keep(chunk)
    return false
  }

  /** The same for the first `end` bytes of `buffer`, which are the reader's only until this returns; what has to wait is copied. */
  pushBorrowed(buffer: Uint8Array, end: number): boolean {
    if (!this.#reading && !this.#paused) return this.#read(buffer, end, buffer)
    this.#keep(this.#port.copy(buffer, 0, end))
    return false
  }

  /** Nothing more will come. The owner is told when all that came has been read. */
  end(): void {
    this.#ended = true
    if (!this.#reading && this.#kept === undefined) this.#owner.inputEnded()
  }

  /** Stops behind the message being told. */
  pause(): void {
    this.#paused = true
  }

  /** Goes on, first with what was kept. Returns what `push` does. */
  resume(): boolean {
    this.#paused = false
    if (this.#reading) return false
    const next = this.#next()
    return next === undefined ? this.#owner.wantsInput && this.#remembersNothing() : this.#read(next, next.length)
  }

  /** Forgets what was kept. */
  discard(): void {
    this.#kept = undefined
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === undefined) this.#kept = [chunk]
    else this.#kept.push(chunk)
  }

  #next(): Uint8Array | undefined {
    const next = this.#kept?.shift()
    if (this.#kept?.length === 0) this.#kept = undefined
    return next
  }

  #read(chunk: Uint8Array, chunkEnd: number, borrowed?: Uint8Array): boolean {
    this.#reading = true
    let next: Uint8Array | undefined = chunk
    let end = chunkEnd
    try {
      while (next !== undefined) {
        const consumed = this.#parser.parse(next, 0, end)
        if (!this.#owner.wantsInput) break
        if (consumed < end) {
          const rest = next === borrowed ? this.#port.copy(next, consumed, end) : next.subarray(consumed, end)
          if (this.#kept === undefined) this.#kept = [rest]
          else this.#kept.unshift(rest)
        }
        next = this.#paused ? undefined : this.#next()
        if (next !== undefined) end = next.length
      }
      this.#reading = false
    } finally {
      if (this.#reading) {
        this.#reading = false
        this.#owner.readingFailed()
      }
    }
    const wantsMore = this.#owner.wantsInput
    if (!wantsMore) this.discard()
    if (this.#ended && this.#kept === undefined) this.#owner.inputEnded()
    return wantsMore && this.#remembersNothing()
  }

  #remembersNothing(): boolean {
    if (this.#kept !== undefined || this.#paused || this.#ended) return false
    return this.#parser.betweenFrames && this.#assembler.betweenMessages
  }
}
