import { expect, test } from 'vitest'
import { restartDelay, restarts } from '../src/shared/restart-policy.ts'

const ENDS = [
  { by: 'status', status: 0 },
  { by: 'status', status: 1 },
  { by: 'signal', signal: 'SIGTERM' },
] as const

test.each([
  ['never', [false, false, false]],
  ['on-failure', [false, true, true]],
  ['always', [true, true, true]],
] as const)('%s', (policy, expected) => {
  expect(ENDS.map((end) => restarts(policy, end))).toEqual(expected)
})

test('each end that follows soon doubles the time, up to the longest', () => {
  const options = { restartDelayMs: 1000, maxRestartDelayMs: 5000 }
  expect([1, 2, 3, 4, 1000].map((ends) => restartDelay(ends, options))).toEqual([1000, 2000, 4000, 5000, 5000])
})
