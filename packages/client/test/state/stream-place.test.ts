import { describe, expect, test } from 'vitest'
import { createStreamPlace, type StreamPlace } from '../../src/state/stream-place.ts'

/** One that has taken offset 7 of epoch `a`. */
function begun(): StreamPlace {
  const place = createStreamPlace()
  expect(place.join({ recoverable: true, epoch: 'a', offset: 5 })).toBeUndefined()
  place.advance(6)
  place.advance(7)
  return place
}

describe('a place in a stream', () => {
  test('asks to go on behind what was taken', () => {
    expect(begun().request).toEqual({ recover: true, epoch: 'a', offset: 7 })
    expect(createStreamPlace().request).toEqual({})
    expect(createStreamPlace({ epoch: 'a', offset: 0 }).request).toEqual({ recover: true, epoch: 'a', offset: 0 })
  })

  test('what was recovered leaves no gap, and is taken one by one', () => {
    const place = begun()
    expect(place.join({ recoverable: true, epoch: 'a', offset: 7, recovered: true })).toBeUndefined()
    expect(place.position).toEqual({ epoch: 'a', offset: 7 })
  })

  test('what was not is a gap that says why', () => {
    const after = { epoch: 'a', offset: 7 }
    expect(begun().join({ recoverable: true, epoch: 'a', offset: 900 })).toEqual({
      reason: 'history-expired',
      after,
      position: { epoch: 'a', offset: 900 },
    })
    expect(begun().join({ recoverable: true, epoch: 'b', offset: 2 })).toMatchObject({ reason: 'epoch-changed', after })
    expect(begun().join({})).toEqual({ reason: 'no-history', after, position: undefined })
    const place = begun()
    place.invalidate()
    expect(place.request).toEqual({})
    expect(place.join({ recoverable: true, epoch: 'a', offset: 9 })).toMatchObject({ reason: 'state-invalidated' })
  })

  test('a channel without history has one with each interruption, and none at first', () => {
    const place = createStreamPlace()
    expect(place.join({})).toBeUndefined()
    place.advance(undefined)
    expect(place.join({})).toEqual({ reason: 'no-history', after: undefined, position: undefined })
  })
})
