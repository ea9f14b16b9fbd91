import { Announcer } from '../../../shared/src/announcer.tsx'
import { Masthead } from '../masthead.tsx'
import { board } from './board-model.ts'
import { CodePanel } from './code-panel.tsx'
import { LineDetail, LineState } from './line-state.tsx'
import { OrderList } from './order-list.tsx'
import { ShopControls } from './shop-controls.tsx'
import { Totals } from './totals.tsx'
import { describeChange } from './words.ts'

export function BoardPage() {
  const { count, order } = board.news.value
  const describe = (fresh: number): string => {
    const newest = order === undefined ? '' : describeChange(order)
    return fresh === 1 ? newest : `${fresh} changes. ${newest}`
  }
  return (
    <>
      <Masthead page="Order board" />
      <main>
        <section class="board" aria-labelledby="board-title">
          <div class="top">
            <h2 id="board-title">Orders</h2>
            <LineState />
            <ShopControls />
          </div>
          <LineDetail />
          <p class="problem" role="alert">
            {board.problem.value}
          </p>
          <Totals />
          <OrderList />
        </section>
        <CodePanel />
      </main>
      <Announcer count={count} describe={describe} />
    </>
  )
}
