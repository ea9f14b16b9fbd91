import { board } from './board-model.ts'
import { rankOf, STATUSES } from './order.ts'
import type { Entry } from './order-book.ts'
import { describeClock, describeItems, describeMoney, STATUS_WORDS, STEP_WORDS } from './words.ts'

/** An order: nothing in it moves when its status changes. */
export function OrderRow({ entry, isUnderWay }: { readonly entry: Entry; readonly isUnderWay: boolean }) {
  const { order, isNew, changes } = entry
  const { id, type, customer, items, cents, changedAtMs } = order
  const isDone = type === 'shipped'
  return (
    <li data-status={type} data-order={id} data-new={isNew || undefined}>
      <article aria-label={`Order ${id}`}>
        {/* Another one with each change, so that it lights up. */}
        {changes > 0 && <span key={changes} class="glow" aria-hidden="true" />}
        <p class="id">{id}</p>
        <p class="time">
          <time dateTime={new Date(changedAtMs).toISOString()}>{describeClock(changedAtMs)}</time>
        </p>
        <p class="customer">{customer}</p>
        <p class="items">{describeItems(items)}</p>
        <p class="amount">{describeMoney(cents)}</p>
        <div class="status">
          <p class="chip" key={type}>
            <span class="pie" aria-hidden="true" />
            {STATUS_WORDS[type]}
          </p>
          <span class="track" aria-hidden="true">
            {STATUSES.map((status) => (
              <span key={status} data-done={rankOf(status) <= rankOf(type) || undefined} />
            ))}
          </span>
        </div>
        <button
          type="button"
          class="step"
          aria-label={isDone ? `Order ${id} is done` : `${STEP_WORDS[type]}: order ${id}`}
          aria-disabled={isDone || isUnderWay}
          onClick={() => void board.step(order)}
        >
          {isUnderWay ? '…' : STEP_WORDS[type]}
        </button>
      </article>
    </li>
  )
}
