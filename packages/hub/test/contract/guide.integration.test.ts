import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { PublicationOutput } from '@wigwag/protocol'
import { Centrifuge } from 'centrifuge'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { getQuote, order, watchOrders } from './guide/client.ts'
import { hub } from './guide/hub.ts'
import { hub as bySchemas, type Contract } from './guide/schemas.ts'

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

test.each(['contract', 'hub', 'client', 'schemas'])('docs/contracts.md has %s.ts as it runs here', (name) => {
  const blocks = [...read('../../../../docs/contracts.md').matchAll(/```ts\n\/\/ (\w+)\.ts\n([\s\S]*?)```/g)]
  const block = blocks.find(([, file]) => file === name)
  expect(block?.[2]).toBe(read(`guide/${name}.ts`))
})

test("the guide's hub and client agree, and what they did not agree on is refused", async () => {
  const server = createServer()
  hub.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, { websocket: WebSocket, token: '42' })
  onTestFinished(async () => {
    client.disconnect()
    await hub.close()
    server.close()
  })
  client.connect()
  await client.ready()
  const orders: unknown[] = []
  watchOrders(client, '42', (shown) => orders.push(shown))
  await client.getSubscription('orders:42')?.ready()

  await order(client, '42', { status: 'open', note: ' ring twice ' })
  await order(client, '42', { status: 'open' })
  await hub.publish('orders:42', { status: 'shipped' })
  await expect.poll(() => orders).toHaveLength(3)
  expect(orders).toEqual([
    { status: 'open', note: 'ring twice' },
    { status: 'open', note: '' },
    { status: 'shipped', note: '' },
  ])
  await expect(order(client, '42', { status: 'shipped' })).rejects.toMatchObject({ code: 103 })
  await expect(client.publish('orders:42', { status: 'lost' })).rejects.toMatchObject({
    code: 107,
    message: 'orders:42 data.status: Invalid option: expected one of "open"|"shipped"',
  })
  await expect(client.publish('orders:43', { status: 'open' })).rejects.toMatchObject({ code: 103 })

  expect(await getQuote(client, { symbol: 'ACME' })).toEqual({ cents: 4200 })
  await expect(getQuote(client, { symbol: 'NONE' })).rejects.toMatchObject({ code: 404 })
  await expect(client.rpc('getQuote', { symbol: 1 })).rejects.toMatchObject({ code: 107 })
})

test('schemas beside the options make a contract', async () => {
  onTestFinished(() => bySchemas.close())
  expectTypeOf<PublicationOutput<Contract, 'orders:1'>>().toEqualTypeOf<{ status: 'open' | 'shipped' }>()
  // @ts-expect-error what the compiler says as well
  const publishing = bySchemas.publish('orders:1', { status: 'lost' })
  await expect(publishing).rejects.toMatchObject({ code: 'ERR_PUBLICATION_INVALID' })
})
