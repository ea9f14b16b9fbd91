/** Text in pieces, cut into whole lines. What comes in one piece is handed on in one. */
export class LineSplitter {
  readonly #maxLength: number
  #begun: string[] = []
  #length = 0

  /** `maxLength`: of a line, in UTF-16 code units. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** Takes a piece. Returns the lines that it ends, without the end of the last; undefined: a line is too long. */
  take(piece: string): string | undefined {
    const end = piece.lastIndexOf('\n')
    const rest = piece.slice(end + 1)
    let lines = ''
    if (end !== -1) {
      lines = this.#begun.join('') + piece.slice(0, end)
      this.#begun = []
      this.#length = 0
    }
    if (rest !== '') this.#begun.push(rest)
    this.#length += rest.length
    return this.#length > this.#maxLength ? undefined : lines
  }
}
