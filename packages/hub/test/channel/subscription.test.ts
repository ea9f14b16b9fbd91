import { type Gap, type History, HubError, mergeRecovered, type Position, type Publication } from '@wigwag/hub'
import { describe, expect, test } from 'vitest'
import { Subscription } from '../../src/channel/subscription.ts'
import { RecordingSubscriber } from '../support/recording-subscriber.ts'

const at = (offset: number, epoch = 'e'): Position => ({ offset, epoch })
const publication = (offset: number, epoch = 'e'): Publication => ({
  channel: 'a',
  data: offset,
  time: 0,
  position: at(offset, epoch),
})
const unplaced = (data: number): Publication => ({ channel: 'a', data, time: 0, position: undefined })
const history = (position: Position | undefined, publications: Publication[] = [], gap?: Gap): History => ({
  position,
  publications,
  gap,
})

function create(): { readonly subscriber: RecordingSubscriber; readonly subscription: Subscription } {
  const subscriber = new RecordingSubscriber()
  return { subscriber, subscription: new Subscription(subscriber) }
}

function take(subscription: Subscription, ...publications: Publication[]): void {
  for (const each of publications) subscription.take(each, each)
}

test('what was held before an interruption is not told behind a history that was read after it; what has no place is', () => {
  const { subscriber, subscription } = create()
  take(subscription, publication(1), unplaced(7))
  expect(subscription.interrupt()).toBeUndefined()
  take(subscription, publication(2, 'f'))
  subscription.recover(history(at(1, 'f')))
  expect([subscriber.data, subscriber.told.at(-1)]).toEqual([[7, 2], { live: at(2, 'f'), recovered: 2 }])
})

describe('mergeRecovered', () => {
  test('appends what came live and is not in history yet', () => {
    const merged = mergeRecovered(history(at(2), [publication(1), publication(2)]), [publication(2), publication(3)])
    expect(merged.publications.map(({ data }) => data)).toEqual([1, 2, 3])
    expect(merged.position).toEqual(at(3))
  })

  test('takes nothing live that history has passed, also when it was not asked for', () => {
    expect(mergeRecovered(history(at(5)), [publication(4), publication(5)])).toEqual({
      publications: [],
      position: at(5),
    })
  })

  test('takes a live publication twice told once', () => {
    const { publications } = mergeRecovered(history(at(0)), [publication(1), publication(1)])
    expect(publications).toHaveLength(1)
  })

  test('takes nothing of a stream that was lost by the time when history was read', () => {
    // Told by a broker that was subscribed to for somebody before, and forgot the channel before its stream was lost.
    const merged = mergeRecovered(history(at(0, 'f')), [publication(1), unplaced(7), publication(1, 'f')])
    expect(merged).toEqual({ publications: [unplaced(7), publication(1, 'f')], position: at(1, 'f') })
  })

  test('takes everything live where there is no history', () => {
    const merged = mergeRecovered(history(undefined), [unplaced(1), unplaced(2)])
    expect(merged.publications.map(({ data }) => data)).toEqual([1, 2])
    expect(merged.position).toBeUndefined()
  })
})

describe('Subscription', () => {
  test('holds live publications while it recovers; then history, then what was held, then live', () => {
    const { subscriber, subscription } = create()
    take(subscription, publication(3), publication(4))
    expect(subscriber.told).toEqual([])
    subscription.recover(history(at(3), [publication(2), publication(3)]))
    take(subscription, publication(5))
    expect(subscriber.words).toEqual([2, 3, 4, 'live', 5])
    expect(subscriber.told[3]).toEqual({ live: at(4), recovered: 3 })
    expect(subscription.phase).toBe('live')
  })

  test('tells a gap before what comes behind it', () => {
    const { subscriber, subscription } = create()
    const gap: Gap = { reason: 'history-expired', after: at(1), position: at(9) }
    subscription.recover(history(at(9), [publication(9)], gap))
    expect(subscriber.words).toEqual(['gap', 9, 'live'])
  })

  test('what history had is not told again when it also comes live, however late', () => {
    const { subscriber, subscription } = create()
    subscription.recover(history(at(5), [publication(4), publication(5)]))
    take(subscription, publication(4), publication(5), publication(6), publication(6))
    expect(subscriber.words).toEqual([4, 5, 'live', 6])
  })

  test('what is published by the subscriber itself while it is told of history is not lost', () => {
    const { subscriber, subscription } = create()
    subscriber.onTold = () => {
      if (subscriber.told.length < 3) take(subscription, publication(subscriber.told.length + 1))
    }
    subscription.recover(history(at(1), [publication(1)]))
    expect(subscriber.words).toEqual([1, 2, 3, 'live'])
    expect(subscriber.told[3]).toEqual({ live: at(3), recovered: 3 })
  })

  test('tells nothing more once it ended, not even the rest of a recovery', () => {
    const { subscriber, subscription } = create()
    subscriber.onTold = () => subscription.end()
    take(subscription, publication(3))
    subscription.recover(history(at(2), [publication(1), publication(2)]))
    take(subscription, publication(4))
    subscription.fail(new HubError('ERR_HUB_CLOSED', 'late'))
    expect(subscriber.words).toEqual([1])
  })

  test('fails when more than 10,000 publications come while it recovers, and holds them no longer', () => {
    const { subscriber, subscription } = create()
    for (let offset = 1; offset <= 10_001; offset++) take(subscription, publication(offset))
    expect(subscriber.told).toMatchObject([{ failed: { code: 'ERR_SUBSCRIPTION_OVERRUN' } }])
    subscription.recover(history(at(0)))
    expect(subscriber.words).toEqual(['failed'])
  })

  test('fails once', () => {
    const { subscriber, subscription } = create()
    subscription.fail(new HubError('ERR_HUB_CLOSED', 'first'))
    subscription.fail(new HubError('ERR_HUB_CLOSED', 'second'))
    expect(subscriber.words).toEqual(['failed'])
  })
})

describe('a subscriber that throws', () => {
  test('fails its own subscription, and says why', () => {
    const { subscriber, subscription } = create()
    subscription.recover(history(at(0)))
    Object.assign(subscriber, {
      deliver: () => {
        throw new Error('no')
      },
    })
    expect(() => take(subscription, publication(1))).not.toThrow()
    expect(subscription.phase).toBe('ended')
  })

  test('while it recovers, too', () => {
    const { subscriber, subscription } = create()
    Object.assign(subscriber, {
      gap: () => {
        throw new Error('no')
      },
      failed: () => {
        throw new Error('not even that')
      },
    })
    const gap: Gap = { reason: 'epoch-changed', after: at(1), position: at(0, 'f') }
    expect(() => subscription.recover(history(at(0, 'f'), [], gap))).not.toThrow()
    expect(subscription.phase).toBe('ended')
  })
})
