import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchesOf, createOutgoing } from '../../src/command/outgoing.ts'

const lines = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.constant('{}') },
    fc.nat(70_000).map((n) => 'x'.repeat(n + 1)),
  ),
  {
    maxLength: 400,
  },
)

test('batches carry every packet once and in order, no more than a hub takes, and no fewer than need be', () => {
  fc.assert(
    fc.property(lines, (given) => {
      const batches = batchesOf(given)
      expect(batches.flatMap((batch) => batch.split('\n'))).toEqual(given)
      for (const [index, batch] of batches.entries()) {
        const count = batch.split('\n').length
        expect(count).toBeLessThanOrEqual(128)
        // One that is larger goes alone.
        expect(count === 1 || batch.length <= 65_536).toBe(true)
        const [next] = batches[index + 1]?.split('\n') ?? []
        if (next !== undefined) expect(count === 128 || batch.length + 1 + next.length > 65_536).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

test('what is pushed in one turn leaves at its end; what was taken does not', async () => {
  const sent: string[] = []
  const outgoing = createOutgoing((text) => sent.push(text))
  outgoing.push('a')
  outgoing.push('b')
  expect(sent).toEqual([])
  await Promise.resolve()
  expect(sent).toEqual(['a\nb'])
  outgoing.push('c')
  expect(outgoing.take()).toEqual(['c'])
  outgoing.push('d')
  await Promise.resolve()
  expect(sent).toEqual(['a\nb', 'd'])
})
