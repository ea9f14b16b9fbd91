import { Connection } from '@wigwag/socket/core'
import { RecordingSink } from '@wigwag/socket/testing'
import { expect, test } from 'vitest'
import { createProfile, flushQueue } from '../../src/node/socket-driver.ts'

test('keepalive spreads out by ±10 %, so that connections that came together are not pinged together', () => {
  const profile = createProfile('server', { pingIntervalMs: 10_000 })
  const deadlines = Array.from({ length: 500 }, () => new Connection(profile, new RecordingSink(), 0).deadlineMs)
  expect(Math.min(...deadlines)).toBeGreaterThanOrEqual(9000)
  expect(Math.max(...deadlines)).toBeLessThanOrEqual(11_000)
  expect(Math.max(...deadlines) - Math.min(...deadlines)).toBeGreaterThan(1500)
})

test('RFC 6455 §5.3 masking-keys come from the system, a new one for each frame', () => {
  const profile = createProfile('client', {})
  const sink = new RecordingSink()
  const connection = new Connection(profile, sink, 0)
  const keys = new Set<string>()
  for (let i = 0; i < 3000; i++) {
    connection.ping()
    keys.add(Buffer.from(sink.takeBytes().subarray(2, 6)).toString('hex'))
  }
  expect(keys.size).toBe(3000)
  flushQueue.arena.recycle()
})
