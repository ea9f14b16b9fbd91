import { describe, expect, test } from 'vitest'
import { createCases } from '../micro/case-table.ts'
import { measureCase } from '../micro/measure-case.ts'
import type { Contender } from '../micro/micro-case.ts'
import { loadPeerModules } from '../micro/peer-modules.ts'
import { peerVersion } from '../peers.ts'

function spinning(name: string, steps: number): Contender {
  return {
    name,
    run(times) {
      let value = 0
      for (let i = 0; i < times * steps; i++) value = (Math.imul(value, 31) + i) | 0
      return value
    },
    check() {},
  }
}

test('who does ten times as much needs about ten times as long, for each operation', async () => {
  const contenders = [spinning('ours', 1000), spinning('slow', 10_000)]
  const [ours, slow] = await measureCase({ name: 'spin', about: '', operations: 1000, contenders }, 5, 5)
  expect(ours).toMatchObject({ contender: 'ours', ratio: 1 })
  expect(slow?.ratio).toBeGreaterThan(4)
  expect(slow?.ratio).toBeLessThan(25)
  expect(ours?.ns).toBeLessThan(100)
})

test('a contender whose result is wrong is not measured', async () => {
  const check = (): void => {
    throw new Error('wrong')
  }
  const one = { name: 'spin', about: '', operations: 1, contenders: [{ ...spinning('liar', 1), check }] }
  await expect(measureCase(one, 1, 1)).rejects.toThrow('wrong')
})

// They are installed by the first run of the benchmark.
describe.skipIf(peerVersion('ws') === undefined)('every contender does what its case says', () => {
  const cases = peerVersion('ws') === undefined ? [] : createCases(loadPeerModules())
  test.each(cases)('$name', async ({ contenders }) => {
    for (const contender of contenders) await contender.check()
  })
})
