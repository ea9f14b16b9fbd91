import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStat } from '../src/process/session-members.ts'

const line = (name: string): string =>
  `1234 (${name}) S 1 1200 1100 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 50 18446744073709551615`

test('proc(5): a line of the process table', () => {
  expect(parseStat(line('sleep'))).toEqual({ pid: 1234, state: 'S', group: 1200, session: 1100, startTicks: 987_654 })
})

test('whatever a program calls itself, it changes nothing of that', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(parseStat(line(name))).toEqual(parseStat(line('sleep')))
    }),
  )
})

test('what is no such line is nothing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (text) => {
      expect(parseStat(text)).toBeUndefined()
    }),
  )
})
