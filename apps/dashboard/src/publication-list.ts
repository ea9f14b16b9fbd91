import type { Told } from './recovery.ts'

/** One row of the list: a publication, or a notice about what happened at this place of the stream. */
export type Row = Told & { readonly key: number }

/** The last rows, newest first. */
export interface PublicationList {
  readonly rows: readonly Row[]
  readonly received: number
}

/** How many rows the page keeps. */
export const MAX_ROWS = 200

export const EMPTY_LIST: PublicationList = { rows: [], received: 0 }

/** Puts what was told, oldest first, on top of the list. */
export function addRows(list: PublicationList, told: readonly Row[]): PublicationList {
  const newest = told.slice(-MAX_ROWS).reverse()
  return {
    rows: [...newest, ...list.rows].slice(0, MAX_ROWS),
    received: list.received + told.filter((row) => row.type === 'publication').length,
  }
}

export function describeCount({ rows, received }: PublicationList): string {
  const shown = rows.filter((row) => row.type === 'publication').length
  if (received === 0) return ''
  if (shown < received) return `The last ${shown} of ${received.toLocaleString('en')}, newest first`
  return received === 1 ? '1, newest first' : `${received}, newest first`
}
