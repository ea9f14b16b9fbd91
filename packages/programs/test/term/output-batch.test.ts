import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OutputBatch } from '../../src/term/output-batch.ts'

/** What a terminal hands out at once when there is more. */
const FULL_READ = 4095

let sent = 0
let gathered = 0
let sizes: number[] = []
const batch = () =>
  new OutputBatch(() => {
    sent++
    sizes.push(gathered)
    gathered = 0
  })

beforeEach(() => {
  vi.useFakeTimers()
  sent = 0
  gathered = 0
  sizes = []
})
afterEach(() => {
  vi.useRealTimers()
})

/** One turn of the event loop, in which no time passes. */
const turn = () => vi.advanceTimersByTime(0)

test('what a pressed key shows is sent at the end of the turn, in one message, however many readings it came in', () => {
  const output = batch()
  output.add(3)
  output.add(5)
  expect(sent).toBe(0)
  turn()
  expect(sent).toBe(1)
  turn()
  expect(sent).toBe(1)
})

test('a program that prints without end is sent in pieces larger than a terminal hands out, which are 4095 bytes', () => {
  const output = batch()
  for (let read = 0; read < 80; read++) {
    gathered += FULL_READ
    output.add(FULL_READ)
    turn()
  }
  expect(sizes).toEqual(Array(8).fill(9 * FULL_READ))
})

test('what was gathered waits for 2 ms and no longer', () => {
  const output = batch()
  output.add(FULL_READ)
  vi.advanceTimersByTime(1)
  output.add(FULL_READ)
  expect(sent).toBe(0)
  vi.advanceTimersByTime(1)
  vi.advanceTimersToNextTimer() // the turn behind it, which these timers count as a millisecond
  expect(sent).toBe(1)
  vi.advanceTimersByTime(100)
  expect(sent).toBe(1)
})

test('a short reading behind full ones was the last for now: all of it goes', () => {
  const output = batch()
  output.add(FULL_READ)
  output.add(10)
  turn()
  expect(sent).toBe(1)
  vi.advanceTimersByTime(100)
  expect(sent).toBe(1)
})
