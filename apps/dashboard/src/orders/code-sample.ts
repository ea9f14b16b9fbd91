/** What of the order board talks to the server, less what is shown of errors. */
export const CODE_SAMPLE = `import { Client } from '@wigwag/client'

const client = new Client('./', {
  share: true, // by all tabs
})
const orders = client.subscribe('orders', {
  on: {
    placed: show,
    paid: show,
    packed: show,
    shipped: show,
  },
  onGap: load, // history could not help
})
await orders.ready()
await load()

async function load() {
  const { publications } =
    await orders.history()
  for (const { data } of publications)
    show(data)
}

function pay(order) {
  return orders.publish(
    { ...order, type: 'paid' },
    { idempotencyKey: \`\${order.id} paid\` },
  )
}`
