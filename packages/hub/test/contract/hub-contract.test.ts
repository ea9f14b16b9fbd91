import { ContractError, defineContract, type HubOptions, refuse, rpcMethod } from '@wigwag/hub'
import type { Json, StandardSchema } from '@wigwag/protocol'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connectedClient, createSessionBench, settled } from '../support/session-clients.ts'

const Order = z.object({ status: z.enum(['open', 'shipped']), note: z.string().trim().default('') })
const LOST = 'orders:42 data.status: Invalid option: expected one of "open"|"shipped"'

/** A hub of which clients read `orders` and publish there as `publish` says. */
function orders(
  publish: NonNullable<NonNullable<HubOptions['namespaces']>[string]['publish']>,
  options: Partial<HubOptions> = {},
): Partial<HubOptions> {
  return {
    authenticate: ({ token }) => ({ user: token ?? '' }),
    namespaces: { orders: { schema: Order, subscribe: 'anyone', publish }, '': { publish: 'anyone' } },
    ...options,
  }
}

/** A schema that waits until it is let go on. */
function slowSchema(): { readonly schema: StandardSchema<Json>; readonly waiting: (() => void)[] } {
  const waiting: (() => void)[] = []
  const validate = (value: unknown): Promise<{ readonly value: Json }> =>
    new Promise((resolve) => waiting.push(() => resolve({ value: value as Json })))
  return { waiting, schema: { '~standard': { version: 1, vendor: 'test', validate } } }
}

describe('what the server publishes', () => {
  test('is stored and delivered as the schema makes it', async () => {
    const bench = createSessionBench(orders('server'))
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'orders:42' } })
    const { data } = await bench.hub.publish('orders:42', { status: 'open', note: ' soon ', more: 1 })
    await settled()
    expect(data).toEqual({ status: 'open', note: 'soon' })
    expect(ann.heard('orders:42')).toEqual([data])
    const { publications } = await bench.hub.history('orders:42', undefined, {})
    expect(publications.map((publication) => publication.data)).toEqual([data])
  })

  test('is refused when it does not fit, with where and why; nothing is stored', async () => {
    const { hub } = createSessionBench(orders('server'))
    const publishing = hub.publish('orders:42', { status: 'lost' })
    await expect(publishing).rejects.toThrow(LOST)
    await expect(publishing).rejects.toBeInstanceOf(ContractError)
    await expect(publishing).rejects.toMatchObject({
      code: 'ERR_PUBLICATION_INVALID',
      issues: [{ path: ['status'] }],
    })
    expect((await hub.history('orders:42', undefined, {})).publications).toEqual([])
    expect(hub.stats.published).toBe(0)
  })

  test('goes anywhere else as it is', async () => {
    const { hub } = createSessionBench(orders('server'))
    expect((await hub.publish('lobby', { status: 'lost' })).data).toEqual({ status: 'lost' })
    expect((await hub.publish('nowhere:1', 7)).data).toBe(7)
  })

  test('is no channel name, when it is none', async () => {
    const { hub } = createSessionBench(orders('server'))
    await expect(hub.publish('', { status: 'open' })).rejects.toMatchObject({ code: 'ERR_CHANNEL_NAME' })
    await hub.close()
    await expect(hub.publish('orders:42', { status: 'lost' })).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
  })

  test('is limited in size by what is stored', async () => {
    const Padded = z.string().transform((text) => text.padEnd(100, '.'))
    const { hub } = createSessionBench({ namespaces: { '': { schema: Padded } }, maxPublicationBytes: 50 })
    await expect(hub.publish('a', 'short')).rejects.toMatchObject({ code: 'ERR_PUBLICATION_TOO_LARGE' })
  })

  test('rejects with what the schema throws, and where it makes what cannot be published', async () => {
    const broken = new Error('broken')
    const Broken = z.string().transform((text): string => {
      if (text === 'throw') throw broken
      return undefined as unknown as string
    })
    const { hub } = createSessionBench({ namespaces: { '': { schema: Broken } } })
    await expect(hub.publish('a', 'throw')).rejects.toBe(broken)
    await expect(hub.publish('a', 'nothing')).rejects.toMatchObject({ code: 'ERR_PUBLICATION_DATA' })
  })

  test('keeps its order without schemas that take their time', async () => {
    const { hub } = createSessionBench(orders('server'))
    await Promise.all([
      hub.publish('orders:1', { status: 'open', note: '1' }),
      hub.publish('orders:1', { status: 'open', note: '2' }),
      hub.publish('orders:1', { status: 'shipped', note: '3' }),
    ])
    const { publications } = await hub.history('orders:1', undefined, {})
    expect(publications.map(({ data }) => (data as { note: string }).note)).toEqual(['1', '2', '3'])
  })

  test('is not stored behind the end of the hub, however long its schema takes', async () => {
    const { schema, waiting } = slowSchema()
    const { hub } = createSessionBench({ namespaces: { '': { schema } } })
    const publishing = hub.publish('a', 1)
    const rejects = expect(publishing).rejects.toMatchObject({ code: 'ERR_HUB_CLOSED' })
    await hub.close()
    for (const go of waiting) go()
    await rejects
  })
})

describe('what a client publishes', () => {
  test('is stored as the schema makes it, or is error 107 with where and why', async () => {
    const bench = createSessionBench(orders('anyone'))
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'orders:42' } })
    expect((await ann.ask({ publish: { channel: 'orders:42', data: { status: 'lost' } } })).error).toEqual({
      code: 107,
      message: LOST,
    })
    await ann.ask({ publish: { channel: 'orders:42', data: { status: 'open', note: 'x ', more: 1 } } })
    expect(ann.heard('orders:42')).toEqual([{ status: 'open', note: 'x' }])
    expect(bench.reports).toEqual([])
  })

  test.each(['server', 'user', 'subscriber'] as const)(
    "where '%s' may and the client may not, it is not told what is wrong with it",
    async (publish) => {
      const bench = createSessionBench(orders(publish))
      const ann = await connectedClient(bench)
      const { error } = await ann.ask({ publish: { channel: 'orders:42', data: { status: 'lost' } } })
      expect(error?.code).toBe(103)
    },
  )

  test('nor where the channel is for others, whatever a function says', async () => {
    const ann = await connectedClient(createSessionBench(orders(() => true)), 'ann')
    expect((await ann.ask({ publish: { channel: 'orders:42#bob', data: 1 } })).error?.code).toBe(103)
  })

  test('is asked about as the schema makes it, and not at all when it does not fit', async () => {
    const asked: unknown[] = []
    const bench = createSessionBench(
      orders(({ data }) => {
        asked.push(data)
        return true
      }),
    )
    const ann = await connectedClient(bench)
    await ann.ask({ publish: { channel: 'orders:42', data: { status: 'lost' } } })
    await ann.ask({ publish: { channel: 'orders:42', data: { status: 'open', note: ' x' } } })
    expect(asked).toEqual([{ status: 'open', note: 'x' }])
  })

  test('is not taken for input again: a schema that changes what it takes is asked once', async () => {
    const Length = z.string().transform((text) => text.length)
    const bench = createSessionBench({ namespaces: { '': { schema: Length, publish: () => true } } })
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    expect((await ann.ask({ publish: { channel: 'a', data: 'four' } })).publish).toEqual({})
    expect(ann.heard('a')).toEqual([4])
  })

  test('may be replaced by the application, whose data pass the schema, too', async () => {
    const replacing = orders(() => ({ data: { status: 'shipped', note: ' by us ' }, tags: { by: 'us' } }))
    const bench = createSessionBench(replacing)
    const ann = await connectedClient(bench)
    await ann.ask({ publish: { channel: 'orders:42', data: { status: 'open' } } })
    const { publications } = await bench.hub.history('orders:42', undefined, {})
    expect(publications).toMatchObject([{ data: { status: 'shipped', note: 'by us' }, tags: { by: 'us' } }])
  })

  test.each<[string, Partial<HubOptions>]>([
    ['the namespace', orders(() => ({ data: { status: 'lost' } }))],
    ['onPublish', orders('anyone', { onPublish: () => ({ data: { status: 'lost' } }) })],
  ])('is error 100, and reported, when what %s publishes instead does not fit', async (_who, options) => {
    const bench = createSessionBench(options)
    const ann = await connectedClient(bench)
    const { error } = await ann.ask({ publish: { channel: 'orders:42', data: { status: 'open' } } })
    expect(error).toEqual({ code: 100, message: 'internal server error', temporary: true })
    expect(bench.reports).toMatchObject([{ message: expect.stringContaining(LOST) }])
    expect(bench.hub.stats.published).toBe(0)
  })

  test('is refused by the application in its own words', async () => {
    const bench = createSessionBench(orders('anyone', { onPublish: () => refuse(451, 'not here') }))
    const ann = await connectedClient(bench)
    const { error } = await ann.ask({ publish: { channel: 'orders:42', data: { status: 'open' } } })
    expect(error?.code).toBe(451)
  })

  test('keeps its order, however long the schema takes', async () => {
    const { schema, waiting } = slowSchema()
    const bench = createSessionBench({ namespaces: { '': { schema, publish: 'anyone' } } })
    const ann = await connectedClient(bench)
    await ann.ask({ subscribe: { channel: 'a' } })
    for (const data of [1, 2, 3]) ann.write({ id: 10 + data, publish: { channel: 'a', data } })
    for (let i = 0; i < 3; i++) {
      await settled()
      waiting.splice(0).at(-1)?.()
    }
    await settled()
    expect(ann.heard('a')).toEqual([1, 2, 3])
  })

  test('is error 100, and reported, when the schema throws', async () => {
    const broken = new Error('broken')
    const Broken = z.unknown().transform((): string => {
      throw broken
    })
    const bench = createSessionBench({ namespaces: { '': { schema: Broken, publish: 'anyone' } } })
    const ann = await connectedClient(bench)
    expect((await ann.ask({ publish: { channel: 'a', data: 1 } })).error?.code).toBe(100)
    expect(bench.reports).toEqual([broken])
  })
})

describe('a method', () => {
  const contract = defineContract({
    rpc: {
      quote: { input: z.object({ symbol: z.string().toUpperCase() }), output: z.object({ cents: z.number() }) },
      free: {},
    },
  })

  const rpc = {
    quote: ({ symbol }: { symbol: string }) => ({
      cents: symbol === 'ACME' ? 4200 : (null as unknown as number),
      more: 1,
    }),
    free: (data: Json | undefined) => data,
  }

  test.each<[string, Partial<HubOptions>]>([
    ['of a contract', { contract, rpc: rpc as object as NonNullable<HubOptions['rpc']> }],
    [
      'of a contract, by one function for all',
      { contract, rpc: (method, data) => rpc[method as 'quote'](data as { symbol: string }) },
    ],
    [
      'with schemas beside it',
      { rpc: { quote: rpcMethod({ ...contract.rpc.quote, answer: rpc.quote }), free: rpc.free } },
    ],
  ])('%s is called and answers as its schemas say', async (_kind, options) => {
    const bench = createSessionBench(options)
    const ann = await connectedClient(bench)
    expect((await ann.ask({ rpc: { method: 'quote', data: { symbol: 'acme' } } })).rpc).toEqual({
      data: { cents: 4200 },
    })
    expect((await ann.ask({ rpc: { method: 'free', data: [1] } })).rpc).toEqual({ data: [1] })
    expect((await ann.ask({ rpc: { method: 'quote', data: { symbol: 1 } } })).error).toEqual({
      code: 107,
      message: 'quote data.symbol: Invalid input: expected string, received number',
    })
    expect((await ann.ask({ rpc: { method: 'quote' } })).error).toMatchObject({
      code: 107,
      message: expect.stringContaining('quote data: '),
    })
    expect((await ann.ask({ rpc: { method: 'none' } })).error?.code).toBe(104)
    expect((await ann.ask({ rpc: { method: 'toString' } })).error?.code).toBe(104)
    expect(bench.reports).toEqual([])
    expect((await ann.ask({ rpc: { method: 'quote', data: { symbol: 'none' } } })).error?.code).toBe(100)
    expect(bench.reports).toMatchObject([
      { code: 'ERR_RPC_OUTPUT', message: 'quote answer.cents: Invalid input: expected number, received null' },
    ])
  })

  test('may refuse, whatever its answers are', async () => {
    const bench = createSessionBench({ contract, rpc: { quote: () => refuse(404, 'none'), free: () => undefined } })
    const ann = await connectedClient(bench)
    expect((await ann.ask({ rpc: { method: 'quote', data: { symbol: 'a' } } })).error?.code).toBe(404)
    expect((await ann.ask({ rpc: { method: 'free' } })).rpc).toEqual({})
  })

  test('that nothing was given for cannot be called', async () => {
    const ann = await connectedClient(createSessionBench({ contract }))
    expect((await ann.ask({ rpc: { method: 'quote', data: { symbol: 'a' } } })).error?.code).toBe(108)
  })
})

describe("a contract's namespaces", () => {
  const contract = defineContract({ namespaces: { orders: { publication: Order }, '': {} } })

  test('are all that there are, with the defaults unless options say more', async () => {
    const bench = createSessionBench({ contract, namespaces: { orders: { publish: 'anyone' } } })
    const ann = await connectedClient(bench)
    for (const channel of ['orders:1', 'lobby']) {
      expect((await ann.ask({ subscribe: { channel } })).subscribe).toBeDefined()
    }
    expect((await ann.ask({ subscribe: { channel: 'oders:1' } })).error?.code).toBe(102)
    expect((await ann.ask({ publish: { channel: 'lobby', data: 1 } })).error?.code).toBe(103)
    expect((await ann.ask({ publish: { channel: 'orders:1', data: 1 } })).error?.code).toBe(107)
    expect(bench.hub.decidesOnSessions).toBe(true)
  })

  test('are left to the options where it names none', async () => {
    const bench = createSessionBench({ contract: {}, namespaces: { orders: { schema: Order } }, rpc: { now: () => 1 } })
    const ann = await connectedClient(bench)
    expect((await ann.ask({ subscribe: { channel: 'orders:1' } })).subscribe).toBeDefined()
    await expect(bench.hub.publish('orders:1', 1)).rejects.toMatchObject({ code: 'ERR_PUBLICATION_INVALID' })
    expect((await ann.ask({ rpc: { method: 'now' } })).rpc).toEqual({ data: 1 })
    expect(bench.hub.contract).toEqual({ namespaces: { orders: { publication: Order } }, rpc: { now: {} } })
  })
})
