import { ManualClock } from '@wigwag/socket/testing'
import { describe, expect, test } from 'vitest'
import { AddressLimits } from '../../src/node/address-limits.ts'

const LIMITS = { maxConnections: 2, maxRequestsPerSecond: 10, maxBurst: 3, maxAddresses: 4 }

function open(limits: Partial<typeof LIMITS> = {}): { limits: AddressLimits; clock: ManualClock } {
  const clock = new ManualClock()
  return { clock, limits: new AddressLimits({ ...LIMITS, ...limits }, () => clock.nowMs) }
}

/** How many of `tries` requests are allowed. */
const allowed = (limits: AddressLimits, address: string, tries: number): number =>
  Array.from({ length: tries }, () => limits.takeRequest(address)).filter((waitMs) => waitMs === 0).length

test('what belongs to connections that are counted has twice as many places, and takes none of theirs away', () => {
  const { limits } = open()
  const opened = (place?: 'beside'): boolean => limits.openConnection('a', place)
  expect([opened(), opened(), opened()]).toEqual([true, true, false])
  expect([1, 2, 3, 4, 5].map(() => opened('beside'))).toEqual([true, true, true, true, false])
  expect(limits.closeConnection('a')).toBe(false)
  expect([opened(), opened()]).toEqual([true, false])
  const closed = [undefined, 'beside', 'beside', undefined, 'beside', 'beside'].map((place) =>
    limits.closeConnection('a', place as 'beside'),
  )
  expect(closed).toEqual([false, false, false, false, false, true])
})

describe('requests of an address', () => {
  test('a burst at once, then so many per second, for ever', () => {
    const { limits, clock } = open()
    expect(allowed(limits, 'a', 10)).toBe(3)
    let total = 0
    for (let i = 0; i < 100; i++) {
      clock.advance(50)
      total += allowed(limits, 'a', 5)
    }
    expect(total).toBe(50)
  })

  test('who is refused is told how long to wait, and waiting that long is enough', () => {
    const { limits, clock } = open()
    allowed(limits, 'a', 3)
    expect(limits.takeRequest('a')).toBe(100)
    clock.advance(60)
    const waitMs = limits.takeRequest('a')
    expect(waitMs).toBe(40)
    clock.advance(waitMs)
    expect(limits.takeRequest('a')).toBe(0)
    expect(limits.takeRequest('a')).toBeGreaterThan(0)
  })

  test('refused ones cost nothing, and a pause gives no more than the burst', () => {
    const { limits, clock } = open()
    allowed(limits, 'a', 1000)
    clock.advance(100)
    expect(allowed(limits, 'a', 10)).toBe(1)
    clock.advance(3_600_000)
    expect(allowed(limits, 'a', 10)).toBe(3)
  })

  test('one address does not use up another’s', () => {
    const { limits } = open()
    allowed(limits, 'a', 10)
    expect(limits.takeRequest('b')).toBe(0)
  })

  test('numbers that do not divide evenly still allow the whole burst', () => {
    for (const maxRequestsPerSecond of [3, 7, 99, 333]) {
      const { limits, clock } = open({ maxRequestsPerSecond, maxBurst: 7 })
      clock.advance(123_456.789)
      expect(allowed(limits, 'a', 20)).toBe(7)
    }
  })
})

describe('connections of an address', () => {
  test('are as many as it may have, and closing one makes room', () => {
    const { limits } = open()
    expect([limits.openConnection('a'), limits.openConnection('a'), limits.openConnection('a')]).toEqual([
      true,
      true,
      false,
    ])
    expect(limits.openConnection('b')).toBe(true)
    limits.closeConnection('a')
    expect([limits.openConnection('a'), limits.openConnection('a')]).toEqual([true, false])
  })

  test('outlive the memory of requests', () => {
    const { limits, clock } = open()
    limits.openConnection('a')
    limits.openConnection('a')
    clock.advance(3_600_000)
    for (let i = 0; i < 100; i++) limits.takeRequest(`other ${i}`)
    expect(limits.openConnection('a')).toBe(false)
  })
})

describe('memory is bounded', () => {
  test('an address with nothing open and a full bucket is forgotten when others come', () => {
    const { limits, clock } = open({ maxAddresses: 1000 })
    for (let i = 0; i < 100; i++) limits.takeRequest(`a${i}`)
    expect(limits.size).toBe(100)
    clock.advance(99)
    limits.takeRequest('b')
    expect(limits.size).toBe(101)
    clock.advance(1)
    for (let i = 0; i < 25; i++) limits.takeRequest('b')
    expect(limits.size).toBe(1)
  })

  test('more than maxAddresses are not remembered; the longest unused goes first', () => {
    const { limits } = open()
    for (const address of ['a', 'b', 'c', 'd']) allowed(limits, address, 3)
    limits.takeRequest('a')
    allowed(limits, 'e', 3)
    expect(limits.size).toBe(4)
    expect(limits.takeRequest('a')).toBeGreaterThan(0)
    expect(limits.takeRequest('b')).toBe(0)
  })

  test('nothing is left of addresses that came and went', () => {
    const { limits, clock } = open({ maxAddresses: 1_000_000 })
    for (let i = 0; i < 10_000; i++) {
      clock.advance(1)
      limits.takeRequest(`a${i}`)
      limits.openConnection(`a${i}`)
      limits.closeConnection(`a${i}`)
    }
    expect(limits.size).toBeLessThanOrEqual(102)
  })
})
