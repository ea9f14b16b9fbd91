import { expect, test } from 'vitest'
import { runTraffic } from '../cohort-traffic.ts'

test('in traffic as a hub has it, stateful inflaters give every message back, of two compressions each', async () => {
  const amount = { subscribers: 60, steps: 120 }
  const kept = await runTraffic({ ...amount, takeover: true })
  const alone = await runTraffic({ ...amount, takeover: false })
  for (const figures of [kept, alone]) {
    expect(figures).toMatchObject({ messages: 180, joined: 72, left: 12, wrong: 0 })
    expect(figures.deliveries).toBeGreaterThan(5000)
    expect(figures.dropped, 'the slow one was refused what was sent while it did not read').toBeGreaterThan(50)
  }
  expect(kept.mostCompressions).toBe(2)
  expect(alone.mostCompressions).toBe(1)
  expect(alone.wireBytes / kept.wireBytes).toBeGreaterThan(1.4)
}, 60_000)
