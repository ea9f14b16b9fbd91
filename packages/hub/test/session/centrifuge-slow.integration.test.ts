import type { DroppedPublications, NamespaceOptions } from '@wigwag/hub'
import type { PublicationContext, SubscribedContext, SubscribingContext } from 'centrifuge'
import { Centrifuge } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { nextEvent, serveSessions } from '../support/served-sessions.ts'
import { tamperWith } from '../support/tampered-transport.ts'

/** More than a kernel holds of a socket, and an outbox of a session. */
const PUBLICATIONS = 3000
const FILLER = 'x'.repeat(8 * 1024)
const KEYS = 5

describe.each(['websocket', 'http_stream', 'sse'] as const)(
  'a client of centrifuge that stops reading %s',
  (transport) => {
    /** Publishes to a client that does not read, and then has it read on. */
    async function overwhelmed(namespace: NamespaceOptions) {
      const dropped: DroppedPublications[] = []
      const { hub, port } = await serveSessions({
        namespaces: { '': { history: { size: 10 }, ...namespace } },
        onDropped: (_session, what) => dropped.push(what),
      })
      const tampered = tamperWith(transport, port)
      const delays = { minReconnectDelay: 1, maxReconnectDelay: 50 }
      const centrifuge = new Centrifuge(tampered.endpoints, { ...tampered.environment, ...delays })
      onTestFinished(() => centrifuge.disconnect())
      const subscription = centrifuge.newSubscription('prices')
      const heard: number[] = []
      const arrivals = new Arrivals()
      subscription.on('publication', ({ data }: PublicationContext) => {
        heard.push(data.n)
        arrivals.tell()
      })
      subscription.subscribe()
      centrifuge.connect()
      await subscription.ready()
      const subscribing = nextEvent<SubscribingContext>(subscription, 'subscribing')
      const connecting = nextEvent<{ code: number }>(centrifuge, 'connecting')
      tampered.pause()
      for (let n = 0; n < PUBLICATIONS; n++) await hub.publish('prices', { n, filler: FILLER })
      tampered.resume()
      return { hub, centrifuge, subscription, subscribing, connecting, heard, arrivals, dropped }
    }

    const isOrdered = (numbers: readonly number[]): boolean =>
      numbers.every((n, i) => i === 0 || n > Number(numbers[i - 1]))

    test("with 'conflate' it hears fewer, in order, and the newest of every key", async () => {
      const key = (data: unknown): string => String((data as { n: number }).n % KEYS)
      const { centrifuge, heard, arrivals } = await overwhelmed({ slowConsumer: { policy: 'conflate', key } })
      const newest = Array.from({ length: KEYS }, (_, i) => PUBLICATIONS - KEYS + i)
      await arrivals.until(() => newest.every((n) => heard.includes(n)))
      expect(isOrdered(heard)).toBe(true)
      expect(heard.length).toBeLessThan(PUBLICATIONS)
      expect(centrifuge.state).toBe('connected')
    })

    test("with 'disconnect' it is sent away, and comes back", async () => {
      const { subscription, connecting, heard } = await overwhelmed({})
      expect((await connecting).code).toBe(3008)
      const again = await nextEvent<SubscribedContext>(subscription, 'subscribed')
      expect(again).toMatchObject({ wasRecovering: true, recovered: false })
      expect(isOrdered(heard)).toBe(true)
    })

    test.each(['drop-oldest', 'drop-newest'] as const)(
      "with '%s' a subscription that recovers is told that it has a hole",
      async (policy) => {
        const { centrifuge, subscribing, subscription, heard } = await overwhelmed({
          recover: true,
          slowConsumer: { policy },
        })
        expect(await subscribing).toMatchObject({ code: 2500, reason: 'insufficient state' })
        if (subscription.state !== 'subscribed') await nextEvent(subscription, 'subscribed')
        expect(isOrdered(heard)).toBe(true)
        expect(heard).toEqual(Array.from({ length: heard.length }, (_, n) => n))
        expect(centrifuge.state).toBe('connected')
      },
    )

    test("with 'drop-oldest' and nothing to recover it hears the newest, and the application of those that it did not", async () => {
      const { heard, arrivals, hub, dropped } = await overwhelmed({ slowConsumer: { policy: 'drop-oldest' } })
      await hub.publish('prices', { n: PUBLICATIONS })
      await arrivals.until(() => heard.includes(PUBLICATIONS))
      expect(isOrdered(heard)).toBe(true)
      expect(heard).toContain(PUBLICATIONS - 1)
      expect(heard.length).toBeLessThan(PUBLICATIONS)
      expect(dropped.reduce((sum, { count }) => sum + count, heard.length)).toBe(PUBLICATIONS + 1)
    })
  },
)
