import { distinctNames, parseNumber, splitCells } from './cells.ts'
import { parseJsonLine } from './json-line.ts'
import { parsePairs } from './pairs.ts'
import { takeTime } from './time-field.ts'

/** What a line says: values by name, and when, if it says that. */
export interface Row {
  /** Milliseconds since 1970; nothing when the line does not say. */
  readonly timeMs: number | undefined
  readonly values: ReadonlyMap<string, number>
}

/** Lines above that are not looked at, in characters. */
const MAX_LINE_LENGTH = 64 * 1024
/** Columns of one line behind that are left out. */
const MAX_COLUMNS = 256
const MAX_NAME_LENGTH = 60

/**
 * Finds the numbers in a program's lines, whatever it is: columns between spaces (`vmstat 1`) with a header or without, CSV,
 * JSON lines, `name=value`. A line without numbers names the columns of those that follow with as many cells. Text in front
 * of a line's numbers (`sda 1.5 3`) is part of their names.
 */
export class ColumnReader {
  #header: readonly string[] = []
  /** How many cells the lines have that the header is for. */
  #names: readonly string[] = []

  /** Reads a line; nothing for one without numbers. */
  read(line: string): Row | undefined {
    if (line.length > MAX_LINE_LENGTH) return undefined
    const values = parseJsonLine(line) ?? parsePairs(line) ?? this.#readCells(line)
    if (values === undefined) return undefined
    const fields = [...values].slice(0, MAX_COLUMNS)
    const { timeMs, rest } = takeTime(fields)
    const numbers = new Map<string, number>()
    for (const [name, value] of rest) {
      if (typeof value === 'number' && Number.isFinite(value)) numbers.set(cut(name), value)
    }
    return numbers.size === 0 ? undefined : { timeMs, values: numbers }
  }

  #readCells(line: string): Map<string, number | string> | undefined {
    const cells = splitCells(line)
    const numbers = cells.map(parseNumber)
    if (numbers.every((number) => number === undefined)) {
      if (cells.length > 0) this.#header = distinctNames(cells)
      return undefined
    }
    const [first = ''] = cells
    const hasLabel = /^[A-Za-z_]/.test(first) && numbers[0] === undefined && !isDate(first)
    const names = this.#namesFor(cells.length, hasLabel)
    const values = new Map<string, number | string>()
    for (const [i, cell] of cells.entries()) {
      if (hasLabel && i === 0) continue
      const name = names[i] ?? `column ${i + 1}`
      const number = numbers[i]
      values.set(hasLabel && number !== undefined ? `${first.replace(/:$/, '')} ${name}` : name, number ?? cell)
    }
    return values
  }

  /** The header, if it is one for lines like this; of labelled lines the label's own column may have no name. */
  #namesFor(count: number, hasLabel: boolean): readonly string[] {
    if (this.#header.length === count) this.#names = this.#header
    else if (hasLabel && this.#header.length === count - 1) this.#names = ['', ...this.#header]
    else if (this.#names.length !== count) {
      this.#names = count === 1 ? ['value'] : Array.from({ length: count }, (_, i) => `column ${i + 1}`)
    }
    return this.#names
  }
}

/** The name of a day or a month is no label. */
function isDate(cell: string): boolean {
  return /^(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*,?$/i.test(cell)
}

function cut(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH - 1)}…`
}
