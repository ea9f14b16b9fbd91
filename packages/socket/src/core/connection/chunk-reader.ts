import type { BytePort } from '../bytes/byte-port.ts'
import type { FrameParser } from '../frame/frame-parser.ts'

/** Whose input is read. */
export interface ChunkReaderOwner {
  /** Whether anything that comes still counts. */
  readonly wantsInput: boolean
  /** A sink method threw: where in the chunk we stood is lost, so nothing more can be read. */
  readingFailed(): void
  /** Everything that came before the end of the input has been read. */
  inputEnded(): void
}

/**
 * Feeds the parser one chunk behind the other, and stands still when told: between two messages of one chunk, and for
 * chunks that come while the sink is being told of an earlier one. What has to wait is kept, in order.
 */
export class ChunkReader {
  readonly #parser: FrameParser
  readonly #port: BytePort
  readonly #owner: ChunkReaderOwner
  #paused = false
  #reading = false
  #ended = false
  /** What has to wait, in order; mostly there is nothing. */
  #kept: Uint8Array[] | undefined

  constructor(parser: FrameParser, port: BytePort, owner: ChunkReaderOwner) {
    this.#parser = parser
    this.#port = port
    this.#owner = owner
  }

  /** Whether reading stands still until `resume`. */
  get paused(): boolean {
    return this.#paused
  }

  /** Whether the end of the input has come, read or not. */
  get ended(): boolean {
    return this.#ended
  }

  /** Reads a chunk now, or later if it has to wait. */
  push(chunk: Uint8Array): void {
    if (this.#reading || this.#paused) this.#keep(chunk)
    else this.#read(chunk, chunk.length)
  }

  /** Reads the first `end` bytes of `buffer`, which are the reader's only until this returns; what has to wait is copied. */
  pushBorrowed(buffer: Uint8Array, end: number): void {
    if (this.#reading || this.#paused) this.#keep(this.#port.copy(buffer, 0, end))
    else this.#read(buffer, end, buffer)
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

  /** Goes on, first with what was kept. */
  resume(): void {
    this.#paused = false
    if (this.#reading) return
    const next = this.#next()
    if (next !== undefined) this.#read(next, next.length)
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

  #read(chunk: Uint8Array, chunkEnd: number, borrowed?: Uint8Array): void {
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
    if (!this.#owner.wantsInput) this.discard()
    if (this.#ended && this.#kept === undefined) this.#owner.inputEnded()
  }
}
