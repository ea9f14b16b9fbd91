import { retainedBytes } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { createMemoryBench } from './support/memory-bench.ts'

const WINDOWS = 6
const RECONNECTS = 300
/** What may be left of one reconnect, in bytes: a promise with its closure that is kept would be more. */
const MAX_BYTES_EACH = 128

test('after hundreds of reconnects, calls and subscriptions that came and went, a client holds what it held', async () => {
  const { clock, line, client: create } = createMemoryBench({ rpc: () => null, authenticate: () => ({ user: 'ann' }) })
  const client = create({ getToken: () => 'token', minDelayMs: 1, maxDelayMs: 1 })
  const subscription = client.subscribe('a')
  const { signal } = new AbortController()
  const round = async (): Promise<void> => {
    await subscription.ready({ signal })
    const other = client.subscribe('b', { signal })
    client.on('message', () => {}, { signal })()
    await Promise.all([other.ready({ signal }), client.rpc('nothing', null, { signal })])
    other.unsubscribe()
    line.cut()
    const call = client.rpc('nothing', null, { signal }).catch(() => {})
    line.mend()
    await clock.advance(1)
    await clock.advance(1)
    await call
  }
  for (let i = 0; i < RECONNECTS; i++) await round()
  const timers = clock.timers
  // What machines learn while they run comes to an end; what is kept of each reconnect would show in every window.
  const growths: number[] = []
  for (let window = 0; window < WINDOWS; window++) {
    const before = retainedBytes()
    for (let i = 0; i < RECONNECTS; i++) await round()
    growths.push(retainedBytes() - before)
  }
  expect(line.opened).toBeGreaterThan(WINDOWS * RECONNECTS)
  expect(Math.min(...growths)).toBeLessThan(RECONNECTS * MAX_BYTES_EACH)
  expect(clock.timers).toBe(timers)
}, 60_000)
