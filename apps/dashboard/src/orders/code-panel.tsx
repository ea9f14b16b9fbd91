/** What of this page talks to the server, less what is shown of errors. */
const CODE = `import { Client } from '@wigwag/client'

const client = new Client('./')
const orders = client.subscribe('orders', {
  on: {
    placed: show,
    paid: show,
    packed: show,
    shipped: show,
  },
  onGap: load, // history could not help
})
orders.on('subscribed', ({ recovered }) => {
  if (!recovered) load()
})

async function load() {
  const { publications } =
    await orders.history()
  for (const { data } of publications)
    show(data)
}

const pay = (order) =>
  orders.publish(
    { ...order, type: 'paid' },
    { idempotencyKey: \`\${order.id} paid\` },
  )`

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
        <code>{CODE}</code>
      </pre>
    </details>
  )
}
