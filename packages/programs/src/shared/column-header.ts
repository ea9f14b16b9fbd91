/** A line that names the columns of those behind it, and its place in the channel. */
export interface HeaderLine {
  readonly line: string
  readonly offset: number
}

/** Lines above that name no columns, in characters. */
const MAX_LINE_LENGTH = 16 * 1024

/** What the page takes for a number: `12`, `-0.5`, `50%`, `2GiB`, `4.1Gi`. Linear: no two parts match the same digits. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?:%|[KMGTP](?:iB?|B)?|B)?$/i

/**
 * Follows a program's lines and remembers the last one that named columns: one without a number, right in front of one with
 * numbers and as many cells, or with one more, which is its label. Many programs say it once, at their beginning; whoever
 * comes when it has left the history has no other way to know.
 */
export class ColumnHeader {
  #known: HeaderLine | undefined
  /** The line before, if it has no numbers: it may turn out to be one. */
  #candidate: (HeaderLine & { readonly cells: number }) | undefined

  get current(): HeaderLine | undefined {
    return this.#known
  }

  follow(line: string, offset: number): void {
    if (line.length > MAX_LINE_LENGTH) {
      this.#candidate = undefined
      return
    }
    const cells = cellsOf(line)
    if (!cells.some((cell) => NUMBER.test(cell))) {
      this.#candidate = { line, offset, cells: cells.length }
      return
    }
    const more = cells.length - (this.#candidate?.cells ?? Number.NaN)
    if (this.#candidate !== undefined && (more === 0 || more === 1)) this.#known = this.#candidate
    this.#candidate = undefined
  }
}

function cellsOf(line: string): readonly string[] {
  const separator = ['\t', ';', ','].find((sign) => line.includes(sign))
  if (separator === undefined) return line.trim().split(/\s+/)
  return line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/s, '$1'))
}
