import { isAscii } from 'node:buffer'

const NEWLINE = 0x0a
/** Up to which size pieces of a line are joined, in bytes. */
const JOINED_BYTES = 32 * 1024

/** A line as text, or that one is longer than it may be. */
export type LineResult = { readonly line: string } | { readonly tooLong: true }

/**
 * Makes lines of chunks, wherever those end. A line ends with `\n` or `\r\n`, which it loses. Bytes that are no UTF-8 become
 * U+FFFD. Told by whoever takes the lines when to go on, so that a slow reader holds back what follows.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  /** Lines that are whole, as one text, and how much of it was taken. */
  #text = ''
  #at = 0
  /** The beginning of the next line. */
  #rest: Uint8Array[] = []
  #restBytes = 0

  /** `maxLineBytes` holds without the end of the line. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes of a line that has not ended. */
  get restBytes(): number {
    return this.#restBytes
  }

  /**
   * Takes one more chunk, once all lines of the one before were taken. Returns false when a line that has not ended is
   * too long already: there is nothing more to take then.
   */
  push(chunk: Uint8Array): boolean {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) {
      this.#text = decode(this.#withRest(chunk.subarray(0, end)))
      this.#at = 0
      this.#rest = []
      this.#restBytes = 0
    }
    if (end < chunk.length) {
      // A copy: a few bytes must not keep the chunk that they came in.
      this.#keep(end === 0 ? chunk : chunk.slice(end))
      this.#restBytes += chunk.length - end
    }
    // One more for an `\r` whose `\n` is still to come.
    return this.#restBytes <= this.#maxLineBytes + 1
  }

  /** The next line, if there is a whole one. */
  next(): LineResult | undefined {
    const start = this.#at
    if (start >= this.#text.length) return undefined
    const newline = this.#text.indexOf('\n', start)
    this.#at = newline + 1
    const end = newline > start && this.#text.charCodeAt(newline - 1) === 0x0d ? newline - 1 : newline
    return this.#judge(this.#text.slice(start, end))
  }

  /** What is left when nothing more comes: a last line without its end. */
  end(): LineResult | undefined {
    if (this.#restBytes === 0) return undefined
    const line = decode(this.#withRest(new Uint8Array(0)))
    this.#rest = []
    this.#restBytes = 0
    return this.#judge(line)
  }

  #judge(line: string): LineResult {
    // A UTF-16 unit takes one to three bytes.
    const isShort = line.length * 3 <= this.#maxLineBytes || Buffer.byteLength(line) <= this.#maxLineBytes
    return isShort ? { line } : { tooLong: true }
  }

  /** Small pieces are joined with those before that are no larger: a line that is written byte by byte would take 300 for each. */
  #keep(chunk: Uint8Array): void {
    let piece = chunk
    for (let last = this.#rest.at(-1); last !== undefined; last = this.#rest.at(-1)) {
      if (last.length > piece.length || last.length > JOINED_BYTES) break
      this.#rest.pop()
      piece = Buffer.concat([last, piece])
    }
    this.#rest.push(piece)
  }

  #withRest(bytes: Uint8Array): Uint8Array {
    return this.#restBytes === 0 ? bytes : Buffer.concat([...this.#rest, bytes])
  }
}

function decode(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes
  return Buffer.from(buffer, byteOffset, length).toString(isAscii(bytes) ? 'latin1' : 'utf8')
}
