import { type Client, ClientError } from '@wigwag/client'
import {
  advised,
  askedTokens,
  CoreClient,
  type CoreClientOptions,
  faultsBy,
  history,
  offlineQueue,
  presence,
  presenceStats,
  publications,
  rpc,
  serverChannels,
} from '@wigwag/client/core'
import type { HubOptions } from '@wigwag/hub'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMemoryBench, type MemoryBench } from './support/memory-bench.ts'

type CoreBench = Omit<MemoryBench, 'client'> & { readonly core: (options?: CoreClientOptions) => CoreClient }

function coreBench(options: Partial<HubOptions> = {}): CoreBench {
  const bench = createMemoryBench(options)
  return {
    ...bench,
    core: (own = {}) => {
      const environment = bench.clock.environment()
      const client = new CoreClient('http://hub.test/', { transport: bench.line, environment, ...own })
      onTestFinished(() => client[Symbol.asyncDispose]())
      return client
    },
  }
}

const authenticate = ({ token }: { readonly token?: string }) => ({ user: token ?? '' })
const kept = { publish: 'user', history: { size: 10, ttlMs: 60_000 } } as const
const namespaces = { '': kept, orders: kept }

describe('the core alone', () => {
  test('has handlers, publishes, calls, and recovers what was missed', async () => {
    const { hub, clock, line, core } = coreBench({
      authenticate,
      namespaces,
      rpc: { whoAmI: (_data, { user }) => user },
    })
    const heard: unknown[] = []
    const client = core({ token: 'ann' })
    const orders = client.subscribe('orders:42', { on: { shipped: (order) => heard.push(order) } })
    await orders.ready()
    await orders.publish({ type: 'shipped', id: 1 })
    expect(await rpc(client, 'whoAmI')).toBe('ann')
    line.cut()
    await hub.publish('orders:42', { type: 'shipped', id: 2 })
    line.mend()
    await clock.advance(2000)
    expect(heard).toEqual([
      { type: 'shipped', id: 1 },
      { type: 'shipped', id: 2 },
    ])
  })

  test('passes over channels that the server puts it into, and goes on', async () => {
    const { hub, clock, core } = coreBench({ authenticate: () => ({ user: 'ann', channels: ['news'] }) })
    const client = core()
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    client.on('publication', (publication) => errors.push(publication))
    await client.ready()
    await hub.publish('news', 1)
    await hub.sessions.subscribe({ user: 'ann' }, 'more')
    await hub.sessions.unsubscribe({ user: 'ann' }, 'more')
    await clock.advance(0)
    expect([client.state.phase, errors]).toEqual(['connected', []])
  })

  test('says of a reason what goes for all of its kind', async () => {
    const { core } = coreBench()
    const client = core()
    expect(client.state).toMatchObject({
      reason: { name: 'initial', retryable: false, advice: 'See the text.' },
    })
  })
})

describe('what is named to the core', () => {
  test('tokens are asked for, of the connection and of a subscription', async () => {
    const seen: unknown[] = []
    const { core } = coreBench({
      authenticate: {
        authenticate: async ({ token }) => {
          seen.push(token)
          return { user: 'ann' }
        },
        authenticateSubscription: async ({ token }) => {
          seen.push(token)
          return {}
        },
      },
      namespaces: { '': { subscribe: 'token' } },
    })
    const client = core({ token: askedTokens({ getToken: () => 'of the connection' }) })
    const getToken = ({ channel }: { readonly channel: string }): string => `of ${channel}`
    await client.subscribe('a', { token: askedTokens({ getToken }) }).ready()
    expect(seen).toEqual(['of the connection', 'of a'])
  })

  test('history, presence and loops are functions of a subscription', async () => {
    const { hub, core } = coreBench({
      authenticate,
      namespaces: {
        '': { presence: true, readPresence: 'subscriber', readHistory: 'subscriber', history: { size: 9 } },
      },
    })
    const subscription = core({ token: 'ann' }).subscribe('a')
    await subscription.ready()
    const loop = publications(subscription)
    await hub.publish('a', 1)
    expect((await loop.next()).value).toMatchObject({ data: 1, offset: 1 })
    expect((await history(subscription, { limit: 1 })).publications).toMatchObject([{ data: 1 }])
    expect([...(await presence(subscription)).values()]).toMatchObject([{ user: 'ann' }])
    expect(await presenceStats(subscription)).toEqual({ clients: 1, users: 1 })
    subscription.unsubscribe()
    expect(await loop.next()).toEqual({ value: undefined, done: true })
  })

  test('a queue keeps what is published, a check finds faults, channels of the server are told, reasons have advice', async () => {
    const { hub, clock, line, core } = coreBench({
      authenticate: () => ({ user: 'ann', channels: ['news'] }),
      namespaces,
    })
    const client = core({
      offlineQueue: offlineQueue({ maxAgeMs: 30_000 }),
      faultOf: faultsBy((_channel, data) => (data === 'bad' ? 'is bad' : undefined)),
      serverChannels,
      advise: advised,
    })
    expect(client.state).toMatchObject({ reason: { advice: 'Call connect(), or subscribe.' } })
    const heard: unknown[] = []
    client.on('publication', ({ data }) => heard.push(data))
    client.on('error', (error) => heard.push(error instanceof ClientError && error.code))
    await client.ready()
    line.cut()
    const published = client.publish('news', 'good')
    await clock.advance(6000)
    line.mend()
    await clock.advance(20_000)
    await published
    await hub.publish('news', 'bad')
    await clock.advance(0)
    expect(heard).toEqual(['good', 'ERR_PUBLICATION_INVALID'])
  })
})

test('the client is the core with everything named to it', () => {
  const { client } = createMemoryBench()
  const whole: Client = client()
  expect(whole).toBeInstanceOf(CoreClient)
})
