import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Listed, LiveList } from '../../src/node/live-list.ts'

interface Member extends Listed {
  readonly name: number
}
const member = (name: number): Member => ({ name, livePlace: -1 })

test('it is a Set: same members, same order, whatever comes and goes', () => {
  const step = fc.record({ add: fc.boolean(), name: fc.nat(99) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const members = Array.from({ length: 100 }, (_, name) => member(name))
      const list = new LiveList<Member>()
      const set = new Set<Member>()
      for (const { add, name } of steps) {
        const one = members[name] as Member
        if (add) {
          list.add(one)
          set.add(one)
        } else expect(list.delete(one)).toBe(set.delete(one))
        expect(list.has(one)).toBe(set.has(one))
        expect(list.size).toBe(set.size)
        expect(list.first).toBe([...set][0])
      }
      expect([...list]).toEqual([...set])
      expect([...list.entries()]).toEqual([...set.entries()])
      expect([...list.keys()]).toEqual([...list.values()])
    }),
  )
})

test('who leaves during an iteration is left out, who comes is not there yet', () => {
  const list = new LiveList<Member>()
  const [a, b, c, d] = [member(1), member(2), member(3), member(4)]
  for (const one of [a, b, c]) list.add(one)
  const seen: number[] = []
  list.forEach(({ name }) => {
    seen.push(name)
    list.delete(a)
    list.delete(b)
    list.add(d)
  })
  expect(seen).toEqual([1, 3])
  expect([...list]).toEqual([c, d])
})

test('gaps are closed: a list that few stay in does not grow', () => {
  const list = new LiveList<Member>()
  const stays = member(0)
  list.add(stays)
  let last = stays
  for (let i = 1; i < 10_000; i++) {
    last = member(i)
    list.add(last)
    if (i < 9999) list.delete(last)
  }
  expect([...list]).toEqual([stays, last])
  expect(last.livePlace).toBeLessThan(100)
})
