import { type Client, type Transport, webSocket } from '@wigwag/client'
import { httpStream } from '@wigwag/client/http-stream'
import { longPoll } from '@wigwag/client/long-poll'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Deliveries } from './support/deliveries.ts'
import {
  CHANNELS,
  DELIVERING_HUB,
  DELIVERY_STEPS,
  type DeliveryStep,
  takeDeliveryStep,
} from './support/delivery-steps.ts'
import { next, type ServedHub, serveHub } from './support/served-hub.ts'
import { TRANSPORTS } from './support/transports.ts'

type Step = DeliveryStep | { readonly do: 'drop' | 'end' | 'stall' | 'again' | 'arrive' }

const step: fc.Arbitrary<Step> = fc.oneof(
  ...DELIVERY_STEPS,
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('drop' as const, 'end' as const, 'stall' as const, 'again' as const),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'arrive' as const }) },
)

const PATIENCE = {
  connectTimeoutMs: 400,
  maxPingDelayMs: 300,
  probeTimeoutMs: 300,
  timeoutMs: 1000,
  minDelayMs: 1,
  maxDelayMs: 20,
} as const

async function take(each: Step, { hub, line }: ServedHub, client: Client, deliveries: Deliveries): Promise<void> {
  switch (each.do) {
    case 'drop':
      return line.drop()
    case 'end':
      return line.drop('end')
    case 'stall':
      // A moment in which all stands still, and goes on from there.
      line.shape({ stalled: ['up', 'down'] })
      await new Promise<void>((resolve) => setImmediate(resolve))
      return line.mend()
    case 'again':
      client.disconnect()
      return client.connect()
    case 'arrive':
      if (client.state.phase !== 'connected') await next(client, 'connected')
      return
    default:
      return takeDeliveryStep(each, hub, deliveries, 2)
  }
}

const SEVERAL = (): readonly Transport[] => [webSocket({ WebSocket }), httpStream(), longPoll()]

test.each([
  ...TRANSPORTS.map(([name, create]) => [name, () => [create()]] as const),
  ['several that fall back', SEVERAL] as const,
])(
  'over %s: each publication once and in order, or a gap, whatever befalls the line and the session',
  async (_name, create) => {
    const served = await serveHub({ ...DELIVERING_HUB, sessions: { pingIntervalMs: 1000 } })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const client = served.client({ transports: create(), moveUpDelayMs: 10, ...PATIENCE })
        const deliveries = new Deliveries(client, CHANNELS)
        await client.ready()
        for (const each of steps) await take(each, served, client, deliveries)
        deliveries.settle()
        // What is there may still be found to be no good: the last is published until it has come to all.
        do {
          await Promise.all(deliveries.readers.map(({ subscription }) => subscription.ready()))
          for (const index of CHANNELS.keys()) await deliveries.publish(served.hub, index)
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
