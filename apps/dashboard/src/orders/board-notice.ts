import type { Gap } from '@wigwag/client'
import { countOrders } from './words.ts'

/** What became of what was missed while the line was away. */
export type BoardNotice =
  | { readonly type: 'recovered'; readonly count: number }
  /** The server has lost its history; this page knew so many orders, and told so many of them again. */
  | { readonly type: 'history-lost'; readonly known: number; readonly retold: number }
  | { readonly type: 'gap'; readonly reason: Gap['reason'] }

export function describeBoardNotice(notice: BoardNotice): string {
  switch (notice.type) {
    case 'recovered':
      return `Back. ${describeRecovered(notice.count)}`
    case 'history-lost':
      return `Back. The server has begun anew, without its history: ${describeRetold(notice)}`
    case 'gap':
      return notice.reason === 'no-history'
        ? 'Back. The server keeps no history: what happened meanwhile is not known here.'
        : 'Back. Not all that was missed could be had: the orders are as the server’s history has them.'
  }
}

/** What becomes of what is pressed while the line is away. */
export function describeKept(count: number): string {
  if (count === 0) return 'What you press is kept.'
  return `${count === 1 ? '1 change is' : `${count} changes are`} kept for then.`
}

function describeRecovered(count: number): string {
  if (count === 0) return 'Nothing was missed.'
  return count === 1 ? '1 missed change caught up.' : `${count.toLocaleString('en')} missed changes caught up.`
}

function describeRetold({ known, retold }: { readonly known: number; readonly retold: number }): string {
  if (known === 0) return 'there were no orders here.'
  if (retold === 0) return `another page has brought back the ${countOrders(known)}.`
  const its = `its ${countOrders(known)}`
  return `this page has brought back ${retold < known ? `${retold} of ${its}` : its}.`
}
