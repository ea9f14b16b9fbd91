/** A number as programs print it: `12`, `-0.5`, `1e3`, `50%`, `1.5K`, `2GiB`, `4.1Gi`. Linear: no two parts match the same digits. */
const NUMBER = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(%|[KMGTP](?:iB?|B)?|B)?$/i

const POWER: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4, P: 5 }

/** The value of a cell; nothing for one that is no number. Units of bytes are powers of 1024. */
export function parseNumber(cell: string): number | undefined {
  const match = NUMBER.exec(cell)
  if (match === null) return undefined
  const value = Number(match[1])
  if (!Number.isFinite(value)) return undefined
  return value * 1024 ** (POWER[(match[2] ?? '').charAt(0).toUpperCase()] ?? 0)
}

/** Cells of a line: between tabs, semicolons or commas, whichever there is first of these; otherwise between spaces. */
export function splitCells(line: string): readonly string[] {
  const separator = ['\t', ';', ','].find((sign) => line.includes(sign))
  const cells = separator === undefined ? line.trim().split(/\s+/) : line.split(separator).map(unquote)
  return cells.length === 1 && cells[0] === '' ? [] : cells
}

function unquote(cell: string): string {
  const trimmed = cell.trim()
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1) : trimmed
}

/** Names of which each is there once: the second `a` is `a 2`. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name} ${count}`
  })
}
