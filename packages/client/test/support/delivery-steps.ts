import type { NodeHub } from '@wigwag/hub/node'
import fc from 'fast-check'
import type { Deliveries } from './deliveries.ts'

/** History of the first two channels reaches back as far as needed, or hardly; the third has none. */
export const CHANNELS: readonly string[] = ['deep:a', 'short:b', 'none:c']

/** A hub with these channels, and one user. */
export const DELIVERING_HUB = {
  authenticate: () => ({ user: USER }),
  namespaces: {
    deep: { history: { size: 300 } },
    short: { history: { size: 3 } },
    none: { history: { size: 0 } },
  },
}

const USER = 'ann'

/** What befalls a client whatever its line is: by what is published, by the hub, and by its own subscribers. */
export type DeliveryStep =
  | { readonly do: 'publish'; readonly channel: number; readonly count: number }
  | { readonly do: 'drain' | 'reset' }
  | { readonly do: 'leave' | 'enter' | 'flinch'; readonly channel: number }

const channel = fc.nat(CHANNELS.length - 1)

/** Such steps, for `fc.oneof`, beside those of the line. */
export const DELIVERY_STEPS: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<DeliveryStep> }[] = [
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('publish' as const), channel, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'reset' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'enter' as const, 'flinch' as const), channel }),
  },
]

/** Has it befall. `delayMs`: how long a hub that drains asks to stay away. */
export async function takeDeliveryStep(
  step: DeliveryStep,
  hub: Pick<NodeHub, 'publish' | 'sessions'>,
  deliveries: Deliveries,
  delayMs: number,
): Promise<void> {
  const reader = 'channel' in step ? deliveries.readers[step.channel] : undefined
  switch (step.do) {
    case 'publish':
      for (let i = 0; i < step.count; i++) await deliveries.publish(hub, step.channel)
      return
    case 'drain':
      return hub.sessions.disconnect({ user: USER }, { code: 3001, reason: 'shutdown', delayMs })
    case 'reset': {
      const [name = ''] = CHANNELS
      return hub.sessions.unsubscribe({ user: USER }, name, { code: 2500, reason: 'insufficient state' })
    }
    case 'leave':
      return reader?.subscription.unsubscribe()
    case 'enter':
      return reader?.subscription.subscribe()
    case 'flinch':
      if (reader !== undefined) reader.flinches = true
  }
}
