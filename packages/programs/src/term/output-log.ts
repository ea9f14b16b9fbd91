import { TerminalModes } from './terminal-modes.ts'

const FIRST_BYTES = 16 * 1024
const NEW_LINE = 0x0a

/** Where somebody begins to read, and what their terminal is told first. */
export interface LogEntrance {
  readonly offset: number
  readonly modes: Uint8Array
}

/**
 * The last of a terminal's output, in bytes with offsets that count from its beginning. It is what lets readers come back
 * to where they were, come late, and be slower than the program.
 *
 * Bytes and the modes that they leave a terminal in, not a screen: a terminal emulator for each session (@xterm/headless) costs a
 * megabyte of code, a dozen bytes a cell, and the parsing of everything even while nobody looks; and its picture would have to be
 * written back into sequences for whoever comes.
 */
export class OutputLog {
  readonly #maxBytes: number
  #ring = new Uint8Array(0)
  #end = 0
  #start = 0
  /** What all that has been dropped has left a terminal in. */
  readonly #droppedModes = new TerminalModes()

  /** Keeps the last `maxBytes`; memory follows what was written. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The offset of the oldest byte that is kept. */
  get start(): number {
    return this.#start
  }

  /** The offset behind the last byte: how many there were in all. */
  get end(): number {
    return this.#end
  }

  append(chunk: Uint8Array): void {
    const skipped = chunk.length - this.#maxBytes
    if (skipped > 0) {
      // Larger than all that is kept: what was there goes, and its own beginning.
      this.#drop(this.#end)
      this.#droppedModes.follow(chunk.subarray(0, skipped))
      this.#end += skipped
      this.#start = this.#end
      this.append(chunk.subarray(skipped))
      return
    }
    this.#grow(this.#end - this.#start + chunk.length)
    this.#drop(Math.max(this.#start, this.#end + chunk.length - this.#maxBytes))
    const at = this.#end % this.#ring.length
    const first = Math.min(chunk.length, this.#ring.length - at)
    this.#ring.set(chunk.subarray(0, first), at)
    this.#ring.set(chunk.subarray(first), 0)
    this.#end += chunk.length
  }

  /** Copies bytes from `offset` on to the end of `target`, from its `at` on. `offset` is kept, and so many follow it. */
  copy(offset: number, target: Uint8Array, at: number): void {
    for (const piece of this.#pieces(offset, offset + target.length - at)) {
      target.set(piece, at)
      at += piece.length
    }
  }

  /** Where the last `lines` begin, or as much of them as is kept. */
  entrance(lines: number): LogEntrance {
    const modes = this.#droppedModes.clone()
    let offset = this.#lineStart(lines)
    for (const piece of this.#pieces(this.#start, offset)) modes.follow(piece)
    // Never in the middle of a sequence.
    while (!modes.isAtRest && offset < this.#end) {
      for (const piece of this.#pieces(offset, offset + 1)) modes.follow(piece)
      offset++
    }
    return { offset, modes: modes.encode() }
  }

  #lineStart(lines: number): number {
    let offset = this.#end
    for (let seen = 0; offset > this.#start; offset--) {
      if (this.#byte(offset - 1) === NEW_LINE && ++seen > lines) return offset
    }
    // What is kept may begin in the middle of a line, and of a character.
    if (this.#start === 0) return 0
    while (offset < this.#end && this.#byte(offset) !== NEW_LINE) offset++
    return offset < this.#end ? offset + 1 : this.#start
  }

  #byte(offset: number): number {
    return this.#ring[offset % this.#ring.length] as number
  }

  /** The kept bytes from one offset to another, as the ring has them: none, one or two ranges. */
  #pieces(from: number, to: number): Uint8Array[] {
    if (from >= to) return []
    const at = from % this.#ring.length
    const first = Math.min(to - from, this.#ring.length - at)
    const piece = this.#ring.subarray(at, at + first)
    return first === to - from ? [piece] : [piece, this.#ring.subarray(0, to - from - first)]
  }

  #drop(offset: number): void {
    for (const piece of this.#pieces(this.#start, offset)) this.#droppedModes.follow(piece)
    this.#start = offset
  }

  #grow(neededBytes: number): void {
    const size = this.#ring.length
    if (neededBytes <= size || size === this.#maxBytes) return
    const ring = new Uint8Array(Math.min(this.#maxBytes, Math.max(FIRST_BYTES, 2 * size, neededBytes)))
    let offset = this.#start
    for (const piece of this.#pieces(this.#start, this.#end)) {
      const at = offset % ring.length
      const first = Math.min(piece.length, ring.length - at)
      ring.set(piece.subarray(0, first), at)
      ring.set(piece.subarray(first), 0)
      offset += piece.length
    }
    this.#ring = ring
  }
}
