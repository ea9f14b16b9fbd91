import { type ClientInfo, defineContract, Hub, type JsonValue, MemoryBroker, refuse, rpcMethod } from '@wigwag/hub'
import { createHub, httpHooks } from '@wigwag/hub/node'
import type { ChannelOf, Contract, PublicationInput, PublicationOutput, RpcInput, RpcOutput } from '@wigwag/protocol'
import * as v from 'valibot'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { z } from 'zod'

// The compiler judges most of this: `@ts-expect-error` fails the build where there is no error.

const Order = z.object({ status: z.enum(['open', 'shipped']), note: z.string().default('') })
const Price = z.object({ symbol: z.string(), cents: z.number() })
const contract = defineContract({
  namespaces: { orders: { publication: Order }, prices: { publication: Price }, free: {} },
  rpc: {
    quote: { input: z.object({ symbol: z.string(), at: z.string().transform(Number) }), output: Price },
    now: {},
  },
})
type Agreed = typeof contract

test('types of a contract, as a client takes them by its type alone', () => {
  expectTypeOf<ChannelOf<Agreed>>().toEqualTypeOf<`orders:${string}` | `prices:${string}` | `free:${string}`>()
  expectTypeOf<PublicationInput<Agreed, 'orders:1'>>().toEqualTypeOf<{
    status: 'open' | 'shipped'
    note?: string | undefined
  }>()
  expectTypeOf<PublicationOutput<Agreed, 'orders:1'>>().toEqualTypeOf<{ status: 'open' | 'shipped'; note: string }>()
  expectTypeOf<PublicationOutput<Agreed, `prices:${string}`>>().toEqualTypeOf<{ symbol: string; cents: number }>()
  expectTypeOf<PublicationOutput<Agreed, 'free:1'>>().toEqualTypeOf<JsonValue | Uint8Array>()
  expectTypeOf<PublicationInput<Agreed, string>>().toEqualTypeOf<JsonValue | Uint8Array>()
  expectTypeOf<PublicationInput<Agreed, 'oders:1'>>().toEqualTypeOf<never>()
  expectTypeOf<RpcInput<Agreed['rpc']['quote']>>().toEqualTypeOf<{ symbol: string; at: string }>()
  expectTypeOf<RpcOutput<Agreed['rpc']['quote']>>().toEqualTypeOf<{ symbol: string; cents: number }>()
  expectTypeOf<RpcOutput<Agreed['rpc']['now']>>().toEqualTypeOf<JsonValue | undefined>()
})

test('a contract takes schemas of what can be published, and no others', () => {
  // @ts-expect-error a date is no JSON value
  defineContract({ namespaces: { events: { publication: z.object({ at: z.date() }) } } })
  // @ts-expect-error what clients are answered has to be one, too
  defineContract({ rpc: { now: { output: z.date() } } })
  // What a method makes of its input is its own affair.
  defineContract({ rpc: { at: { input: z.coerce.date() } } })
  expectTypeOf(defineContract({})).toExtend<Contract>()
})

test('options and hub have the types of the contract', async () => {
  const hub = createHub({
    contract,
    namespaces: {
      orders: {
        publish: ({ data, user, channel }) => {
          expectTypeOf(data).toEqualTypeOf<{ status: 'open' | 'shipped'; note: string } | undefined>()
          return user === channel.rest && { data: { status: 'shipped' } }
        },
      },
      prices: { slowConsumer: { policy: 'conflate', key: ({ symbol }) => symbol } },
    },
    rpc: {
      quote: async ({ symbol, at }, { user }) => {
        expectTypeOf(at).toEqualTypeOf<number>()
        return user === '' ? refuse(403, 'log in') : { symbol, cents: at }
      },
      now: () => Date.now(),
    },
  })
  onTestFinished(() => hub.close())
  const { data } = await hub.publish('orders:42', { status: 'shipped' })
  expectTypeOf(data).toEqualTypeOf<{ status: 'open' | 'shipped'; note: string }>()
  expect(data).toEqual({ status: 'shipped', note: '' })
  const id = String(42)
  await hub.publish(`prices:${id}`, { symbol: 'a', cents: 1 })
  await hub.publish('free:1', ['anything', 1])
  const { publications } = await hub.history(`orders:${id}`, 'latest')
  expectTypeOf(publications[0]?.data).toEqualTypeOf<{ status: 'open' | 'shipped'; note: string } | undefined>()
  // @ts-expect-error a status that there is not
  await expect(hub.publish('orders:42', { status: 'lost' })).rejects.toThrow('status')
  // @ts-expect-error in a name that is put together, too
  await expect(hub.publish(`orders:${id}`, { status: 'lost' })).rejects.toThrow('status')
  // @ts-expect-error a namespace that there is not
  await hub.publish('oders:42', { status: 'shipped' })
  // What is known when the program runs is checked then.
  const channel: string = `orders:${id}`
  await expect(hub.publish(channel, { status: 'lost' })).rejects.toThrow('status')

  const any: Hub = hub
  expect(any.contract).toBe(hub.contract)
  expectTypeOf(hub.contract).toEqualTypeOf<Agreed>()
  const named = createHub<Agreed>({ contract })
  onTestFinished(() => named.close())
  expectTypeOf(named).toEqualTypeOf(hub)
})

test('options that do not fit the contract are refused by the compiler, and when the program runs', () => {
  const create = (options: object) => () => createHub({ contract, ...options })
  // @ts-expect-error a namespace that there is not
  expect(() => createHub({ contract, namespaces: { oders: {} } })).toThrow('which the contract does not name')
  expect(create({ namespaces: { oders: {} } })).toThrow('Option namespaces has "oders"')
  expect(create({ namespaces: { orders: { schema: Order } } })).toThrow('namespaces["orders"].schema is given')
  // @ts-expect-error a method is missing
  expect(() => createHub({ contract, rpc: { now: () => 1 } })).toThrow('Option rpc has no "quote"')
  expect(create({ rpc: { quote: () => 1, now: () => 1, later: () => 1 } })).toThrow('Option rpc has "later"')
  expect(create({ rpc: { quote: { answer: () => 1 }, now: () => 1 } })).toThrow('Option rpc.quote must be a function')
  expect(() => {
    // @ts-expect-error an answer that is none
    createHub({ contract, rpc: { now: () => 1, quote: () => ({ symbol: 1, cents: 1 }) } })
  }).not.toThrow()
  expect(() => {
    // @ts-expect-error what is published instead has to fit, too
    createHub({ contract, namespaces: { orders: { publish: () => ({ data: { status: 'lost' } }) } } })
  }).not.toThrow()
})

test.each([
  [{ namespaces: { a: { publication: {} } } }, 'contract.namespaces["a"].publication must be a schema'],
  [{ namespaces: { a: { publication: 'text' } } }, 'it is string'],
  [{ rpc: { a: { input: () => true } } }, 'contract.rpc.a.input must be a schema'],
  [{ rpc: { a: { output: null } } }, 'contract.rpc.a.output must be a schema'],
  [{ namespaces: { a: { publication: { '~standard': { version: 2, validate: () => {} } } } } }, 'version 1'],
])('%o is no contract: %s', (wrong, message) => {
  expect(() => createHub({ contract: wrong as object as Contract })).toThrow(message)
})

test('schemas beside the options have types as well, and make a contract', async () => {
  const hub = createHub({
    namespaces: {
      orders: {
        schema: Order,
        publish: ({ data }) => {
          expectTypeOf(data).toEqualTypeOf<{ status: 'open' | 'shipped'; note: string } | undefined>()
          return data?.status === 'open'
        },
      },
      free: { subscribe: ({ user }) => user !== '' },
    },
    rpc: {
      quote: rpcMethod({
        input: z.object({ symbol: z.string() }),
        output: Price,
        answer: ({ symbol }, session) => {
          expectTypeOf(session.user).toEqualTypeOf<string>()
          return { symbol, cents: 1 }
        },
      }),
      echo: (data) => {
        expectTypeOf(data).toEqualTypeOf<JsonValue | undefined>()
        return data
      },
    },
  })
  onTestFinished(() => hub.close())
  await hub.publish('orders:1', { status: 'open' })
  await hub.publish('free:1', 1)
  // @ts-expect-error a status that there is not
  await expect(hub.publish('orders:1', { status: 'lost' })).rejects.toThrow('status')
  type Made = typeof hub.contract
  expectTypeOf<PublicationOutput<Made, 'orders:1'>>().toEqualTypeOf<{ status: 'open' | 'shipped'; note: string }>()
  expectTypeOf<RpcInput<Made['rpc']['quote']>>().toEqualTypeOf<{ symbol: string }>()
  expectTypeOf<RpcOutput<Made['rpc']['echo']>>().toEqualTypeOf<JsonValue | undefined>()
  expect(Object.keys(hub.contract.namespaces)).toEqual(['orders', 'free'])
  expect(hub.contract.namespaces.orders.publication).toBe(Order)
  expect(hub.contract.rpc.quote.output).toBe(Price)
  const any: Hub = hub
  expect(any.contract).toBe(hub.contract)
})

test('beside the options only schemas are taken, and of what can be published', () => {
  // @ts-expect-error no schema
  expect(() => createHub({ namespaces: { a: { schema: 'text' } } })).toThrow('must be a schema')
  expect(() => {
    // @ts-expect-error a date is no JSON value
    createHub({ namespaces: { a: { schema: z.date() } } })
  }).not.toThrow()
})

test('without schemas anything goes', async () => {
  const hub = createHub()
  onTestFinished(() => hub.close())
  await hub.publish('what:ever', { n: 1 })
  const untyped: Hub = new Hub({
    broker: new MemoryBroker({}, { now: () => 0, createEpoch: () => 'e', every: () => () => {} }),
  })
  onTestFinished(() => untyped.close())
  await untyped.publish('what:ever', new Uint8Array(1))
  expectTypeOf<ClientInfo['user']>().toEqualTypeOf<string>()
})

test('hooks over HTTP go with a contract', () => {
  const hooks = httpHooks({ publish: 'http://localhost/publish', rpc: 'http://localhost/rpc', secret: 's'.repeat(32) })
  const hub = createHub({ contract, namespaces: { orders: { publish: hooks.publish } }, rpc: hooks.rpc })
  onTestFinished(async () => {
    await hub.close()
    await hooks.close()
  })
  expectTypeOf(hub.contract).toEqualTypeOf<Agreed>()
})

test('schemas of other libraries do as well', async () => {
  const Line = v.object({ text: v.pipe(v.string(), v.trim()), at: v.optional(v.number(), 0) })
  const agreed = defineContract({ namespaces: { chat: { publication: Line } } })
  expectTypeOf<PublicationInput<typeof agreed, 'chat:1'>>().toEqualTypeOf<{ text: string; at?: number | undefined }>()
  expectTypeOf<PublicationOutput<typeof agreed, 'chat:1'>>().toEqualTypeOf<{ text: string; at: number }>()
  const hub = createHub({ contract: agreed })
  onTestFinished(() => hub.close())
  expect((await hub.publish('chat:1', { text: ' hi ' })).data).toEqual({ text: 'hi', at: 0 })
  // @ts-expect-error no text
  await expect(hub.publish('chat:1', { text: 1 })).rejects.toThrow(
    'chat:1 data.text: Invalid type: Expected string but received 1',
  )
})
