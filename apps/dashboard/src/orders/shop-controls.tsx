import { shop } from './board-model.ts'

/** Makes up customers: one at a time, or a shop that runs. */
export function ShopControls() {
  const isRunning = shop.isRunning.value
  return (
    <>
      <button
        type="button"
        role="switch"
        class="run"
        aria-checked={isRunning}
        title="Makes up customers and staff, from this tab alone"
        onClick={() => shop.toggle()}
      >
        <span class="knob" aria-hidden="true" />
        Let the shop run
      </button>
      <button type="button" class="primary sell" onClick={() => void shop.sell()}>
        New order
      </button>
    </>
  )
}
