import { Client, type ClientError, checkBy } from '@wigwag/client'
import { MemoryLine } from '@wigwag/client/testing'
import { createHub } from '@wigwag/hub/node'
import { defineContract } from '@wigwag/protocol'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  namespaces: {
    orders: {
      publication: z.discriminatedUnion('type', [
        z.object({ type: z.literal('paid'), cents: z.number() }),
        z.object({ type: z.literal('shipped'), carrier: z.string().default('post') }),
      ]),
    },
    prices: { publication: z.object({ symbol: z.string(), cents: z.number() }) },
    files: {},
  },
  rpc: {
    getQuote: { input: z.object({ symbol: z.string() }), output: z.object({ cents: z.number() }) },
    ping: {},
  },
})

test('types flow from the contract to handlers, publications, calls and what is published', async () => {
  const hub = createHub({
    contract,
    namespaces: { orders: { publish: 'anyone', readHistory: 'anyone' }, prices: {}, files: {} },
    rpc: { getQuote: ({ symbol }) => ({ cents: symbol.length }), ping: () => null },
  })
  const client = new Client<typeof contract>('http://hub.test/', { transports: [new MemoryLine(hub)] })
  onTestFinished(async () => {
    client.disconnect()
    await hub.close()
  })

  const told: unknown[] = []
  const orders = client.subscribe('orders:42', {
    on: {
      paid: ({ cents }) => told.push(cents),
      shipped: (order, publication) => {
        expectTypeOf(order).toEqualTypeOf<{ type: 'shipped'; carrier: string }>()
        expectTypeOf(publication.data).toEqualTypeOf<{ type: 'shipped'; carrier: string }>()
        told.push(order.carrier)
      },
    },
  })
  await orders.ready()
  const third = orders[Symbol.asyncIterator]()
  await orders.publish({ type: 'paid', cents: 5 })
  // What the schema makes of it is what comes.
  await client.publish('orders:42', { type: 'shipped' })
  expect((await third.next()).value.data).toEqual({ type: 'paid', cents: 5 })
  expect(told).toEqual([5, 'post'])
  const { publications } = await orders.history()
  expectTypeOf(publications[0]?.data.type).toEqualTypeOf<'paid' | 'shipped' | undefined>()
  const quote = await client.rpc('getQuote', { symbol: 'ABC' })
  expectTypeOf(quote).toEqualTypeOf<{ cents: number }>()
  expect(quote.cents).toBe(3)
  await client.rpc('ping')

  // Never called: it is the compiler that is asked.
  const faults = (): void => {
    // @ts-expect-error there is no such namespace
    client.subscribe('nowhere:1')
    // @ts-expect-error there is no such type of message
    client.subscribe('orders:42', { on: { lost: () => {} } })
    // @ts-expect-error the schema does not take that
    void client.publish('orders:42', { type: 'paid', cents: 'five' })
    // @ts-expect-error there is no such method
    void client.rpc('getQuotes', { symbol: 'ABC' })
    // @ts-expect-error the method is not called with that
    void client.rpc('getQuote', { symbol: 3 })
    // @ts-expect-error the method is called with something
    void client.rpc('getQuote')
    // A name that is put together is in the namespace of its beginning; one that can be any carries any JSON.
    client.subscribe(`prices:${quote.cents}`).on('publication', ({ data }) => expectTypeOf(data.symbol).toBeString())
    client.subscribe(String(quote.cents))
  }
  expect(faults).toBeTypeOf('function')
})

test('with checkBy, what a hub of another version carries is told as an error, and to no handler', async () => {
  const hub = createHub({ authenticate: () => ({ user: 'ann', channels: ['prices:all'] }) })
  const client = new Client<typeof contract>('http://hub.test/', {
    transports: [new MemoryLine(hub)],
    check: checkBy(contract),
  })
  onTestFinished(async () => {
    client.disconnect()
    await hub.close()
  })
  const told: unknown[] = []
  const fault = ({ code, message }: ClientError): unknown => told.push([code, message])
  client.on('error', fault)
  client.on('publication', ({ data }) => told.push(data))
  const prices = client.subscribe('prices:1')
  prices.on('error', fault)
  prices.on('publication', ({ data }) => told.push(data))
  await prices.ready()
  const files = client.subscribe('files:1')
  files.on('publication', ({ data }) => told.push(data))
  await files.ready()
  for (const channel of ['prices:1', 'prices:all']) {
    await hub.publish(channel, { symbol: 'ABC', cents: 'five' })
    await hub.publish(channel, { symbol: 'ABC', cents: 5, more: true })
  }
  await hub.publish('files:1', 'anything')
  await client.rpc('ping').catch(() => {})
  const invalid = (channel: string): unknown => [
    'ERR_PUBLICATION_INVALID',
    expect.stringMatching(new RegExp(`^${channel} data\\.cents: .*number`)),
  ]
  const fits = { symbol: 'ABC', cents: 5, more: true }
  expect(told).toEqual([invalid('prices:1'), fits, invalid('prices:all'), fits, 'anything'])
  expect(prices.position?.offset).toBe(2)
})
