import type { BytePort } from '../bytes/byte-port.ts'
import { COPY_UP_TO_BYTES } from '../frame/frame-writer.ts'

/** A range of the lent buffer, copied. */
interface Slab {
  readonly bytes: Uint8Array
  readonly start: number
  /** What was copied so far ends here. */
  end: number
  /** Whether it is where the lent bytes came from, with room for all of them. */
  readonly isHome: boolean
}

/** What `LentRead` has of a read: put aside while another one is read within it. */
interface Lent {
  readonly buffer: Uint8Array
  readonly slab: Slab | undefined
}

/** Who can unmask what comes behind a message, before it is due. See `FrameParser.unmaskAhead`. */
interface AheadReader {
  unmaskAhead(chunk: Uint8Array, from: number, limit: number, withText: boolean): number
}

/** The headers between smaller messages would waste too much. */
const SLAB_FROM_BYTES = 64
/** Whoever keeps one message of many that came together keeps at most so much. */
const MAX_SLAB_BYTES = 64 * 1024

/**
 * The buffer that is lent while it is read, and what was copied of it ahead of being told: messages of one read, for the
 * application to keep, share one array, which they fill. One for all connections of a profile, as one reads at a time.
 */
export class LentRead {
  readonly #port: BytePort
  /** Whether text is told as bytes, and has to be copied like these. */
  readonly #withText: boolean
  #buffer: Uint8Array | undefined
  #slab: Slab | undefined

  constructor(port: BytePort, withText: boolean) {
    this.#port = port
    this.#withText = withText
  }

  /**
   * `buffer` is lent from here to `end`. With `home`, an array of the connection's own with the same bytes, they are copied
   * there. Returns what `end` needs when this is within another read: a handler had another connection read.
   */
  begin(buffer: Uint8Array, home: Uint8Array | undefined): Lent | undefined {
    const outer = this.#buffer === undefined ? undefined : { buffer: this.#buffer, slab: this.#slab }
    this.#buffer = buffer
    this.#slab = home === undefined ? undefined : { bytes: home, start: 0, end: 0, isHome: true }
    return outer
  }

  /** Its owner takes the buffer back. */
  end(outer: Lent | undefined): void {
    this.#buffer = outer?.buffer
    this.#slab = outer?.slab
  }

  /** Whether these bytes are lent: what is kept of them has to be copied. */
  has(bytes: Uint8Array): boolean {
    return bytes === this.#buffer
  }

  /** The payload of a message for the application to keep. */
  own(start: number, end: number, reader: AheadReader): Uint8Array {
    const bytes = this.#buffer as Uint8Array
    const slab = this.#slab
    if (slab !== undefined && end <= slab.end) return slab.bytes.subarray(start - slab.start, end - slab.start)
    if (slab?.isHome === true) return this.#bringHome(slab, bytes, start, end, reader)
    if (end - start < SLAB_FROM_BYTES || end - start > COPY_UP_TO_BYTES) return this.#port.copy(bytes, start, end)
    const last = reader.unmaskAhead(bytes, end, start + MAX_SLAB_BYTES, this.#withText)
    const copy = this.#port.copy(bytes, start, last)
    if (last === end) return copy
    this.#slab = { bytes: copy, start, end: last, isHome: false }
    return copy.subarray(0, end - start)
  }

  #bringHome(slab: Slab, bytes: Uint8Array, start: number, end: number, reader: AheadReader): Uint8Array {
    slab.end = reader.unmaskAhead(bytes, end, slab.bytes.length, this.#withText)
    this.#port.copyTo(bytes, start, slab.end, slab.bytes, start)
    return slab.bytes.subarray(start, end)
  }
}
