import { board } from './board-model.ts'
import { STATUSES } from './order.ts'
import { describeMoney, STATUS_WORDS } from './words.ts'

/** How many orders stand where, and what they come to. */
export function Totals() {
  const orders = board.entries.value.map(({ order }) => order)
  const cents = orders.filter(({ type }) => type !== 'placed').reduce((sum, order) => sum + order.cents, 0)
  return (
    <dl class="totals">
      {STATUSES.map((status) => (
        <div key={status} data-status={status}>
          <dt>
            <span class="pie" aria-hidden="true" />
            {STATUS_WORDS[status]}
          </dt>
          <dd>{orders.filter(({ type }) => type === status).length}</dd>
        </div>
      ))}
      <div class="takings">
        <dt>Takings</dt>
        <dd>{describeMoney(cents)}</dd>
      </div>
    </dl>
  )
}
