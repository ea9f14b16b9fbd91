import { type Client, type Transport, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Deliveries } from './support/deliveries.ts'
import { next, type ServedHub, serveHub } from './support/served-hub.ts'
import { TRANSPORTS } from './support/transports.ts'

type Step =
  | { readonly do: 'publish'; readonly channel: number; readonly count: number }
  | { readonly do: 'drop' | 'end' | 'stall' | 'drain' | 'reset' | 'again' | 'arrive' }
  | { readonly do: 'leave' | 'enter' | 'flinch'; readonly channel: number }

const channel = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('publish' as const), channel, count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'drop' as const,
        'end' as const,
        'stall' as const,
        'drain' as const,
        'reset' as const,
        'again' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'enter' as const, 'flinch' as const), channel }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'arrive' as const }) },
)

/** History of the first two channels reaches back as far as needed, or hardly; the third has none. */
const NAMES = ['deep:a', 'short:b', 'none:c']
const PATIENCE = {
  connectTimeoutMs: 400,
  maxPingDelayMs: 300,
  probeTimeoutMs: 300,
  timeoutMs: 1000,
  minDelayMs: 1,
  maxDelayMs: 20,
} as const

async function take(each: Step, { hub, line }: ServedHub, client: Client, deliveries: Deliveries): Promise<void> {
  const reader = 'channel' in each ? deliveries.readers[each.channel] : undefined
  switch (each.do) {
    case 'publish':
      for (let i = 0; i < each.count; i++) await deliveries.publish(hub, each.channel)
      return
    case 'drop':
      return line.drop()
    case 'end':
      return line.drop('end')
    case 'stall':
      // A moment in which all stands still, and goes on from there.
      line.shape({ stalled: ['up', 'down'] })
      await new Promise<void>((resolve) => setImmediate(resolve))
      return line.mend()
    case 'drain':
      return hub.sessions.disconnect({ user: 'ann' }, { code: 3001, reason: 'shutdown', delayMs: 2 })
    case 'reset':
      return hub.sessions.unsubscribe({ user: 'ann' }, NAMES[0] as string, { code: 2500, reason: 'insufficient state' })
    case 'again':
      client.disconnect()
      return client.connect()
    case 'leave':
      return reader?.subscription.unsubscribe()
    case 'enter':
      return reader?.subscription.subscribe()
    case 'flinch':
      if (reader !== undefined) reader.flinches = true
      return
    case 'arrive':
      if (client.state.phase !== 'connected') await next(client, 'connected')
  }
}

const SEVERAL = (): readonly Transport[] => [webSocket({ WebSocket }), httpStream(), longPoll()]

test.each([
  ...TRANSPORTS.map(([name, create]) => [name, () => [create()]] as const),
  ['several that fall back', SEVERAL] as const,
])(
  'over %s: each publication once and in order, or a gap, whatever befalls the line and the session',
  async (_name, create) => {
    const served = await serveHub({
      authenticate: () => ({ user: 'ann' }),
      sessions: { pingIntervalMs: 1000 },
      namespaces: {
        deep: { history: { size: 300 } },
        short: { history: { size: 3 } },
        none: { history: { size: 0 } },
      },
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const client = served.client({ transports: create(), moveUpDelayMs: 10, ...PATIENCE })
        const deliveries = new Deliveries(client, NAMES)
        await client.ready()
        for (const each of steps) await take(each, served, client, deliveries)
        for (const reader of deliveries.readers) {
          reader.flinches = false
          reader.subscription.subscribe()
        }
        // What is there may still be found to be no good: the last is published until it has come to all.
        do {
          await Promise.all(deliveries.readers.map(({ subscription }) => subscription.ready()))
          for (const index of NAMES.keys()) await deliveries.publish(served.hub, index)
          await client.rpc('settle').catch(() => {})
        } while (!deliveries.isComplete)
        deliveries.check()
        await client[Symbol.asyncDispose]()
      }),
      { numRuns: 20 },
    )
    expect(served.hub.sessions.stats.open).toBeLessThan(100)
  },
)
