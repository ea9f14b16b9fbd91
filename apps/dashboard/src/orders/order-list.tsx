import { board } from './board-model.ts'
import { OrderRow } from './order-row.tsx'

/** The orders, newest first. */
export function OrderList() {
  const entries = board.entries.value
  if (entries.length === 0) {
    return (
      <p class="empty">
        {board.isLoaded.value
          ? 'No orders yet. Press “New order”, or let the shop run; then open this page in a second tab.'
          : 'Looking up the orders so far…'}
      </p>
    )
  }
  return (
    <ol class="orders" aria-labelledby="board-title">
      {entries.map((entry) => (
        <OrderRow key={entry.order.id} entry={entry} isUnderWay={board.underWay.value.has(entry.order.id)} />
      ))}
    </ol>
  )
}
