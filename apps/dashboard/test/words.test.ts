import { expect, test } from 'vitest'
import { describeCountdown } from '../src/describe-phase.ts'
import { describeTrouble } from '../src/describe-trouble.ts'
import { checkData } from '../src/publish.ts'

const closed = (code: number, reason = '') => describeTrouble({ type: 'closed', close: { code, reason } })

test('close codes come in plain words, with the code and the reason', () => {
  expect(closed(1006)).toBe('The line was cut.')
  expect(closed(1012, 'deploying v2')).toBe('The server is restarting (close code 1012: deploying v2).')
  expect(closed(1001, 'server is going away')).toBe('The server is going away (close code 1001).')
  expect(closed(4501, 'banned')).toBe('The server closed the connection (close code 4501: banned).')
  expect(closed(4501)).toBe('The server closed the connection (close code 4501).')
})

test('a refusal gives the words of the server', () => {
  expect(describeTrouble({ type: 'refused', status: 403, text: 'Not from this origin.\n' })).toBe(
    'The server refused the connection (403): Not from this origin.',
  )
  expect(describeTrouble({ type: 'refused', status: 502, text: '' })).toBe(
    'The server refused the connection with status 502 and said no more.',
  )
})

test('the countdown never reaches zero before its time', () => {
  expect([2_001, 2_000, 1_001, 1_000, 1, 0, -5].map((ms) => describeCountdown(ms, 0))).toEqual([
    'in 3 s',
    'in 2 s',
    'in 2 s',
    'in 1 s',
    'in 1 s',
    'in 1 s',
    'in 1 s',
  ])
})

test('JSON is checked before it is sent; text is sent as it is', () => {
  expect(checkData('text', '{oops')).toBeUndefined()
  expect(checkData('json', ' {"a": [1, null]} ')).toBeUndefined()
  expect(checkData('json', '{oops')).toMatch(/not valid JSON, so nothing was sent/)
  expect(checkData('text', '')).toBe('Write a message first.')
  expect(checkData('json', '')).toBe('Write a message first.')
})
