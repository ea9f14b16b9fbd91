import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
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
    expect([1, 2, 3].map((data) => stream.append(data, {}, 0).position?.offset)).toEqual([1, 2, 3])
  })

  test('retains at most size publications, the newest', () => {
    const stream = streamOf({ size: 3 })
    for (let i = 1; i <= 500; i++) stream.append(i, {}, 0)
    expect(stream.size).toBe(3)
    const { publications, gap } = stream.read({ offset: 0, epoch: 'epoch' }, 0)
    expect(publications.map(({ data }) => data)).toEqual([498, 499, 500])
    expect(gap?.reason).toBe('history-expired')
  })

  test('retains at most maxBytes of data, of whatever kind', () => {
    const stream = streamOf({ maxBytes: 150 })
    stream.append('x'.repeat(100), {}, 0)
    stream.append(new Uint8Array(50), {}, 0)
    expect(stream.size).toBe(2)
    stream.append([1, 2], {}, 0)
    expect(stream.size).toBe(2)
    stream.append('one that is larger than all that may be retained'.repeat(10), {}, 0)
    expect(stream.size).toBe(0)
    expect(stream.position.offset).toBe(4)
  })

  test('counts what goes along with data', () => {
    const [plain, tagged] = [streamOf({}), streamOf({})]
    plain.append('x', {}, 0)
    tagged.append('x', { tags: { a: 'y'.repeat(100) }, info: { client: 'c', user: 'u'.repeat(100) } }, 0)
    expect(tagged.bytes - plain.bytes).toBeGreaterThan(200)
    for (const stream of [plain, tagged]) stream.trim(1_000_000)
    expect([plain.bytes, tagged.bytes]).toEqual([0, 0])
  })

  test('in pieces, forwards or back, is what it is as a whole', () => {
    const offset = fc.nat(15)
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.integer({ min: 1, max: 12 }),
        offset,
        fc.boolean(),
        fc.nat(13),
        (count, size, from, reverse, limit) => {
          const stream = streamOf({ size })
          const all = Array.from({ length: count }, (_, i) => stream.append(i, {}, 0))
          const held = all.slice(Math.max(0, count - size))
          const { publications, gap, position } = stream.read({ epoch: 'epoch', offset: from }, 0, { reverse, limit })
          const isAhead = from > count
          const asked = all.filter(({ position: at }) => {
            const each = at?.offset as number
            return isAhead || (reverse ? each < from : each > from)
          })
          const wanted = asked.filter((each) => held.includes(each))
          expect(publications).toEqual((reverse ? wanted.reverse() : wanted).slice(0, limit))
          expect(position).toEqual({ epoch: 'epoch', offset: count })
          // Next to the position: the first behind it, or the last before it.
          const next = reverse ? asked.at(-1) : asked[0]
          const isGone = next !== undefined && !held.includes(next)
          expect(gap?.reason).toBe(isAhead ? 'epoch-changed' : isGone ? 'history-expired' : undefined)
        },
      ),
    )
  })

  test('a publication expires when it is ttlMs old, not before', () => {
    const stream = streamOf({ ttlMs: 100 })
    stream.append('x', {}, 1000)
    expect(stream.read(undefined, 1099).publications).toEqual([])
    expect(stream.size).toBe(1)
    stream.trim(1100)
    expect(stream.size).toBe(0)
  })

  test('position 0 is before the first publication, so reading after it has all', () => {
    const stream = streamOf({})
    stream.append('first', {}, 0)
    const { publications, gap } = stream.read({ offset: 0, epoch: 'epoch' }, 0)
    expect(publications.map(({ data }) => data)).toEqual(['first'])
    expect(gap).toBeUndefined()
  })

  test('has the newest publication as the latest, and none once all expired', () => {
    const stream = streamOf({ ttlMs: 100 })
    expect(stream.read('latest', 0)).toEqual({ position: stream.position, publications: [], gap: undefined })
    stream.append('first', {}, 0)
    stream.append('second', {}, 50)
    expect(stream.read('latest', 50).publications.map(({ data }) => data)).toEqual(['second'])
    expect(stream.read('latest', 150)).toEqual({ position: stream.position, publications: [], gap: undefined })
  })

  test('lets go of the data of what expired at once', () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const stream = streamOf({ size: 1 })
    const references = Array.from({ length: 10 }, () => {
      const data = new Uint8Array(1000)
      stream.append(data, {}, 0)
      return new WeakRef(data)
    })
    return new Promise((resolve) => setImmediate(resolve)).then(() => {
      collectGarbage()
      expect(references.filter((reference) => reference.deref() !== undefined)).toHaveLength(1)
    })
  })
})
