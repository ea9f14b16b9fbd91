/** How large a terminal is, in characters. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** What a terminal has before anybody has said more. */
export const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 }

/** Larger than any screen; a program allocates what it is told. */
const MAX_COLUMNS = 1000
const MAX_ROWS = 500

/** A size as a client says it, within what a terminal can be. Nothing when it is none. */
export function readSize(columns: unknown, rows: unknown): TerminalSize | undefined {
  if (!isCount(columns) || !isCount(rows)) return undefined
  return { columns: Math.min(columns, MAX_COLUMNS), rows: Math.min(rows, MAX_ROWS) }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
