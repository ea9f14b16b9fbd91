import type { Position } from '@wigwag/client'
import type { Notice } from './notice.ts'

/** A publication as it is shown. */
export interface ShownPublication {
  /** None where the channel keeps no history. */
  readonly position: Position | undefined
  /** When it was stored, or where the hub does not say so, when it came: in milliseconds since 1970. */
  readonly timeMs: number
  readonly kind: 'text' | 'json'
  readonly text: string
}

export type Told =
  | { readonly type: 'publication'; readonly publication: ShownPublication; readonly recovered: boolean }
  | { readonly type: 'notice'; readonly notice: Notice }

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
