import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Stream } from '../../src/broker/stream.ts'

const NO_LIMITS = { size: 1000, ttlMs: 1_000_000, maxBytes: 1_000_000 }

function streamOf(limits: Partial<typeof NO_LIMITS>): Stream {
  return new Stream('a', 'epoch', { ...NO_LIMITS, ...limits })
}

describe('Stream', () => {
  test('gives offsets without holes, from 1', () => {
    const stream = streamOf({})
    expect(stream.position).toEqual({ offset: 0, epoch: 'epoch' })
    expect([1, 2, 3].map((data) => stream.append(data, 0).position?.offset)).toEqual([1, 2, 3])
  })

  test('retains at most size publications, the newest', () => {
    const stream = streamOf({ size: 3 })
    for (let i = 1; i <= 500; i++) stream.append(i, 0)
    expect(stream.size).toBe(3)
    const { publications, gap } = stream.read({ offset: 0, epoch: 'epoch' }, 0)
    expect(publications.map(({ data }) => data)).toEqual([498, 499, 500])
    expect(gap?.reason).toBe('history-expired')
  })

  test('retains at most maxBytes of data, of whatever kind', () => {
    const stream = streamOf({ maxBytes: 150 })
    stream.append('x'.repeat(100), 0)
    stream.append(new Uint8Array(50), 0)
    expect(stream.size).toBe(2)
    stream.append([1, 2], 0)
    expect(stream.size).toBe(2)
    stream.append('one that is larger than all that may be retained'.repeat(10), 0)
    expect(stream.size).toBe(0)
    expect(stream.position.offset).toBe(4)
  })

  test('a publication expires when it is ttlMs old, not before', () => {
    const stream = streamOf({ ttlMs: 100 })
    stream.append('x', 1000)
    expect(stream.read(undefined, 1099).publications).toEqual([])
    expect(stream.size).toBe(1)
    stream.trim(1100)
    expect(stream.size).toBe(0)
  })

  test('position 0 is before the first publication, so reading after it has all', () => {
    const stream = streamOf({})
    stream.append('first', 0)
    const { publications, gap } = stream.read({ offset: 0, epoch: 'epoch' }, 0)
    expect(publications.map(({ data }) => data)).toEqual(['first'])
    expect(gap).toBeUndefined()
  })

  test('has the newest publication as the latest, and none once all expired', () => {
    const stream = streamOf({ ttlMs: 100 })
    expect(stream.read('latest', 0)).toEqual({ position: stream.position, publications: [], gap: undefined })
    stream.append('first', 0)
    stream.append('second', 50)
    expect(stream.read('latest', 50).publications.map(({ data }) => data)).toEqual(['second'])
    expect(stream.read('latest', 150)).toEqual({ position: stream.position, publications: [], gap: undefined })
  })

  test('lets go of the data of what expired at once', () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const stream = streamOf({ size: 1 })
    const references = Array.from({ length: 10 }, () => {
      const data = new Uint8Array(1000)
      stream.append(data, 0)
      return new WeakRef(data)
    })
    return new Promise((resolve) => setImmediate(resolve)).then(() => {
      collectGarbage()
      expect(references.filter((reference) => reference.deref() !== undefined)).toHaveLength(1)
    })
  })
})
