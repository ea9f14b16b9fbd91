import { Hub, type Position, type Subscription } from '@wigwag/hub'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DelayedBroker } from '../support/delayed-broker.ts'
import { createManualBroker } from '../support/manual-broker.ts'
import { isLive, RecordingSubscriber, settle } from '../support/recording-subscriber.ts'

type Step =
  | { readonly do: 'publish' }
  | { readonly do: 'subscribe'; readonly after: number | 'now' | 'unknown-epoch' | 'ahead' }
  | { readonly do: 'unsubscribe'; readonly which: number }
  | { readonly do: 'release'; readonly lane: 'calls' | 'answers' | 'publications' }

const lanes = fc.constantFrom('calls' as const, 'answers' as const, 'publications' as const)
const after = fc.oneof(fc.nat(30), fc.constantFrom('now' as const, 'unknown-epoch' as const, 'ahead' as const))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), after }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('release' as const), lane: lanes }) },
)

interface Watched {
  readonly subscriber: RecordingSubscriber
  readonly subscription: Subscription
  readonly after: Position | undefined
  hasLeft: boolean
}

/** Plays the steps with history of `size`, and lets everything that was held back happen at the end. */
async function play(
  steps: readonly Step[],
  size: number,
): Promise<{ watched: Watched[]; stand: Position | undefined }> {
  const { broker } = createManualBroker({ history: { size } })
  const delayed = new DelayedBroker(broker)
  const hub = new Hub({ broker: delayed })
  const watched: Watched[] = []
  const publish = async (): Promise<void> => {
    await hub.publish('a', stand().offset + 1)
  }
  let standNow: Position = { epoch: 'epoch-1', offset: 0 }
  const stand = (): Position => standNow
  const positionOf = (wanted: number | 'now' | 'unknown-epoch' | 'ahead'): Position | undefined => {
    if (wanted === 'now') return undefined
    if (wanted === 'unknown-epoch') return { epoch: 'another', offset: 1 }
    if (wanted === 'ahead') return { epoch: 'epoch-1', offset: 1_000_000 }
    return { epoch: 'epoch-1', offset: Math.min(wanted, stand().offset) }
  }
  for (const each of steps) {
    if (each.do === 'publish') {
      await publish()
      standNow = { ...standNow, offset: standNow.offset + 1 }
    } else if (each.do === 'subscribe') {
      const subscriber = new RecordingSubscriber()
      const from = positionOf(each.after)
      watched.push({ subscriber, subscription: hub.subscribe('a', subscriber, from), after: from, hasLeft: false })
    } else if (each.do === 'unsubscribe') {
      const leaving = watched[each.which]
      if (leaving === undefined) continue
      leaving.hasLeft = true
      hub.unsubscribe('a', leaving.subscription)
    } else delayed.release(each.lane)
    await settle()
  }
  delayed.releaseAll()
  await settle()
  return { watched, stand: (await broker.history('a')).position }
}

/** Holds what one subscriber was told against what it was promised. */
function checkTold({ subscriber, after, hasLeft }: Watched, stand: Position | undefined): void {
  let last = after?.epoch === 'epoch-1' ? after.offset : undefined
  let gapTold = false
  for (const told of subscriber.told) {
    if ('failed' in told) expect.unreachable(`failed: ${told.failed.message}`)
    if ('gap' in told) {
      expect(told.gap.after, 'a gap begins where recovery was asked from').toEqual(after)
      gapTold = true
    } else if ('publication' in told) {
      const offset = told.publication.position?.offset ?? Number.NaN
      if (last === undefined || gapTold) expect(offset).toBeGreaterThan(gapTold ? 0 : (last ?? 0))
      else expect(offset, 'what comes next, without a gap that was not told').toBe(last + 1)
      last = offset
      gapTold = false
    } else {
      const offset = told.live?.offset ?? Number.NaN
      if (last !== undefined && !gapTold) expect(offset, 'live stands at what was told last').toBe(last)
      last = offset
      gapTold = false
    }
  }
  const isGapDue = after !== undefined && (after.epoch !== 'epoch-1' || after.offset > 1000)
  const wentLive = subscriber.told.some(isLive)
  if (isGapDue && wentLive) expect(subscriber.words[0]).toBe('gap')
  if (hasLeft) return
  expect(wentLive, 'every subscription goes live').toBe(true)
  expect(last, 'everything up to the end is told').toBe(stand?.offset)
}

test('whatever the order of publishing, subscribing, leaving and the answers of the broker: no gap untold, no double, no disorder', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.constantFrom(2, 5, 100),
      async (steps, size) => {
        const { watched, stand } = await play(steps, size)
        for (const each of watched) checkTold(each, stand)
      },
    ),
    { numRuns: 400 },
  )
})

test('a broker that nobody at the hub needs any more is left, whatever the order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const { broker } = createManualBroker()
      const delayed = new DelayedBroker(broker)
      const subscribed = new Set<string>()
      const { subscribe, unsubscribe } = broker
      broker.subscribe = (channel) => {
        subscribed.add(channel)
        return subscribe.call(broker, channel)
      }
      broker.unsubscribe = (channel) => {
        subscribed.delete(channel)
        return unsubscribe.call(broker, channel)
      }
      const hub = new Hub({ broker: delayed })
      const subscriptions: Subscription[] = []
      for (const each of steps) {
        if (each.do === 'subscribe') subscriptions.push(hub.subscribe('a', new RecordingSubscriber()))
        else if (each.do === 'unsubscribe') {
          const leaving = subscriptions[each.which]
          if (leaving !== undefined) hub.unsubscribe('a', leaving)
        } else if (each.do === 'release') delayed.release(each.lane)
        // In one turn as well as with turns in between.
        if (each.do !== 'publish') continue
        await settle()
      }
      delayed.releaseAll()
      await settle()
      expect(subscribed.has('a')).toBe(subscriptions.some(({ phase }) => phase !== 'ended'))
    }),
    { numRuns: 300 },
  )
})
