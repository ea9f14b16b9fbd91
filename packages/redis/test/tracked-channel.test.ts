import { describe, expect, test } from 'vitest'
import { channelKeys } from '../src/channel-keys.ts'
import { type Arrival, TrackedChannel } from '../src/tracked-channel.ts'

function tracked(): TrackedChannel {
  return new TrackedChannel('a', channelKeys('wigwag', 'a', 0))
}

function arrivals(channel: TrackedChannel, offsets: readonly number[], epoch = 'e'): Arrival[] {
  return offsets.map((offset) => channel.arrive({ epoch, offset }, offset * 1000))
}

describe('a live publication', () => {
  test('comes next, behind something that was missed, or twice', () => {
    expect(arrivals(tracked(), [5, 6, 7, 9, 10, 10, 3])).toEqual([
      ...['next', 'next', 'next', 'ahead', 'next', 'behind', 'behind'],
    ])
  })

  test('of another epoch is foreign, whatever its offset', () => {
    const channel = tracked()
    expect([...arrivals(channel, [5]), ...arrivals(channel, [1, 2], 'f')]).toEqual(['next', 'foreign', 'next'])
  })

  test('that comes first on a subscription may be in the history that was read, but not beyond what comes next', () => {
    const first = (offset: number, epoch = 'e'): Arrival => {
      const channel = tracked()
      channel.note({ epoch: 'e', offset: 5, time: 5000 })
      return channel.arrive({ epoch, offset }, 1)
    }
    expect([first(4), first(5), first(6), first(7), first(1, 'f')]).toEqual([
      'next',
      'next',
      'next',
      'ahead',
      'foreign',
    ])
  })

  test('behind an interruption is compared with the furthest that was delivered', () => {
    const channel = tracked()
    arrivals(channel, [5, 6])
    channel.interrupt()
    channel.isSuspect = false
    expect(arrivals(channel, [8])).toEqual(['ahead'])
  })
})

describe('the mark that a stream must still lead to', () => {
  test('is the furthest that was delivered, live or from history', () => {
    const channel = tracked()
    expect(channel.mark).toBeUndefined()
    channel.note({ epoch: 'e', offset: 5, time: 5000 })
    arrivals(channel, [4])
    expect(channel.mark).toEqual({ epoch: 'e', offset: 5, time: 5000 })
    arrivals(channel, [5, 6])
    expect(channel.mark).toEqual({ epoch: 'e', offset: 6, time: 6000 })
  })

  test('is not moved by a stream that may have branched off', () => {
    const channel = tracked()
    arrivals(channel, [5])
    channel.interrupt()
    channel.note({ epoch: 'e', offset: 9, time: 1 })
    expect(channel.mark).toEqual({ epoch: 'e', offset: 5, time: 5000 })
  })
})
