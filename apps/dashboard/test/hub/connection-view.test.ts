import { advised, closeReason, reasonOfCode } from '@wigwag/client'
import { expect, test } from 'vitest'
import {
  describeCountdown,
  describePhase,
  describeTransport,
  isShared,
  viewConnection,
} from '../../src/hub/connection-view.ts'
import { describeReason } from '../../src/hub/describe-reason.ts'

test('what a client’s states are to who looks', () => {
  const connecting = (name: 'connectCalled' | 'movedUp' | 'lost', delayMs: number) =>
    viewConnection({ phase: 'connecting', reason: closeReason(name), failures: 0, delayMs }, 1000)
  expect(connecting('connectCalled', 0)).toEqual({ phase: 'connecting' })
  expect(connecting('movedUp', 0)).toEqual({ phase: 'connecting' })
  expect(connecting('lost', 700)).toEqual({ phase: 'waiting', reconnectAtMs: 1700, trouble: 'The line was cut.' })
  const open = { phase: 'connected', client: 'id', transport: 'sse', isSuspect: false } as const
  expect(viewConnection(open, 0)).toEqual({ phase: 'open', transport: 'sse', isSuspect: false })
  expect(describePhase(viewConnection({ phase: 'disconnected', reason: closeReason('disconnectCalled') }, 0))).toBe(
    'Closed',
  )
})

test('reasons come in plain words, with what the server said, and with advice where it does not come back', () => {
  const of = (code: number, text = '') => describeReason(advised(reasonOfCode(code, { text })))
  expect(of(1006)).toBe('The line was cut.')
  expect(of(3001, 'deploying v2')).toBe('The server is restarting (code 3001: deploying v2).')
  expect(of(4501, 'banned')).toBe(
    'The server closed the connection (code 4501: banned). What the application says: its own code, from 4500 to 4999.',
  )
  expect(describeReason(advised(closeReason('unreachable', { code: 1006, text: 'TypeError: Failed to fetch' })))).toBe(
    'The server cannot be reached. Check that it is running.',
  )
  expect(describeReason(advised(closeReason('refused', { code: 403, text: 'Not from this origin.' })))).toMatch(
    /^The server refused the connection \(code 403: Not from this origin\)\./,
  )
  for (const name of ['initial', 'connectCalled', 'disconnectCalled', 'movedUp'] as const) {
    expect(describeReason(closeReason(name))).toBeUndefined()
  }
})

test('the countdown never reaches zero before its time, and says no number once it goes', () => {
  expect([2_001, 2_000, 1_001, 1_000, 1, 0, -5].map((ms) => describeCountdown(ms, 0))).toEqual([
    'in 3 s',
    'in 2 s',
    'in 2 s',
    'in 1 s',
    'in 1 s',
    '…',
    '…',
  ])
})

test('transports have names that people know; others keep their own', () => {
  expect(
    ['websocket', 'http-stream', 'sse', 'long-poll', 'poll', 'shared/websocket', 'pigeon'].map(describeTransport),
  ).toEqual(['WebSocket', 'HTTP stream', 'event stream', 'long polls', 'polls', 'WebSocket', 'pigeon'])
  expect(['websocket', 'shared/websocket'].map(isShared)).toEqual([false, true])
})
