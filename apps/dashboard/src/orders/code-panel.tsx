import { CODE_SAMPLE } from './code-sample.ts'

/** Where it is beside the list and not below it. */
const WIDE = '(min-width: 72rem)'

export function CodePanel() {
  return (
    <details class="code-panel" open={matchMedia(WIDE).matches}>
      <summary>How this page is made</summary>
      <p>
        Each step of an order is published to a channel, and a handler by its type shows it. The server knows nothing of
        orders: whoever comes later reads the channel’s history, and a line that was cut catches up by itself.
      </p>
      <pre>
        <code>{CODE_SAMPLE}</code>
      </pre>
    </details>
  )
}
