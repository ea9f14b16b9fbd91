import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeadlineWheel, type Sleeper } from '../../src/node/deadline-wheel.ts'
import type { HostTime } from '../../src/node/host-time.ts'

const TICK_MS = 250

/** The timers that stand where Node's do when they are asked. */
const fakeTime: HostTime = {
  nowMs: () => performance.now(),
  every: (intervalMs, run) => setInterval(run, intervalMs),
  stop: (timer) => clearInterval(timer),
  atEndOfTurn: (run) => setImmediate(run),
}

/** A sleeper that sleeps until `delayMs` from now and then, by default, for ever. */
function sleeper(wheel: DeadlineWheel, delayMs: number, wake: (self: Sleep, nowMs: number) => void = () => {}): Sleep {
  return new Sleep(wheel.refresh() + delayMs, wake)
}

class Sleep implements Sleeper {
  readonly wokenMs: number[] = []
  wheelSlot = -1
  deadlineMs: number
  readonly #then: (self: Sleep, nowMs: number) => void

  constructor(deadlineMs: number, then: (self: Sleep, nowMs: number) => void) {
    this.deadlineMs = deadlineMs
    this.#then = then
  }

  wake(nowMs: number): void {
    this.wokenMs.push(nowMs)
    this.deadlineMs = Infinity
    this.#then(this, nowMs)
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a sleeper', () => {
  test.each([0, 1, 249, 250, 1000, 63_999, 64_000, 64_001, 200_000, 1_000_000])(
    'with %i ms to go is woken once, never early, and at most two ticks late',
    (delayMs) => {
      const wheel = new DeadlineWheel(fakeTime)
      const one = sleeper(wheel, delayMs)
      const dueMs = one.deadlineMs
      wheel.add(one)
      vi.advanceTimersByTime(delayMs + 4 * TICK_MS)
      expect(one.wokenMs).toHaveLength(1)
      expect(one.wokenMs[0]).toBeGreaterThanOrEqual(dueMs)
      expect(one.wokenMs[0]).toBeLessThanOrEqual(dueMs + 2 * TICK_MS)
      wheel.remove(one)
      expect(vi.getTimerCount(), 'an empty wheel stands still').toBe(0)
    },
  )

  test('is woken again at each new deadline, until it is removed', () => {
    const wheel = new DeadlineWheel(fakeTime)
    const one = sleeper(wheel, 500, (self, nowMs) => {
      if (self.wokenMs.length === 3) wheel.remove(self)
      else self.deadlineMs = nowMs + 500
    })
    wheel.add(one)
    vi.advanceTimersByTime(10_000)
    expect(one.wokenMs).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('whose deadline came nearer is moved by add; one whose deadline went away is not woken', () => {
    const wheel = new DeadlineWheel(fakeTime)
    const [nearer, later] = [sleeper(wheel, 60_000), sleeper(wheel, 1000)]
    wheel.add(nearer)
    wheel.add(later)
    nearer.deadlineMs = wheel.refresh() + 1000
    wheel.add(nearer)
    later.deadlineMs = wheel.nowMs + 30_000
    vi.advanceTimersByTime(2000)
    expect([nearer.wokenMs.length, later.wokenMs.length]).toEqual([1, 0])
    vi.advanceTimersByTime(30_000)
    expect(later.wokenMs).toHaveLength(1)
  })

  test('without a deadline is asked again once a turn of the wheel, in case it got one', () => {
    const wheel = new DeadlineWheel(fakeTime)
    const one = sleeper(wheel, Infinity)
    wheel.add(one)
    vi.advanceTimersByTime(200_000)
    expect(one.wokenMs).toEqual([])
    one.deadlineMs = wheel.nowMs
    vi.advanceTimersByTime(65_000)
    expect(one.wokenMs).toHaveLength(1)
  })

  test('may be removed twice, by itself, or by one that is woken before it', () => {
    const wheel = new DeadlineWheel(fakeTime)
    const second = sleeper(wheel, 250)
    const first = sleeper(wheel, 250, (self) => {
      wheel.remove(second)
      wheel.remove(self)
      wheel.remove(self)
    })
    wheel.add(first)
    wheel.add(second)
    vi.advanceTimersByTime(5000)
    expect([first.wokenMs.length, second.wokenMs.length]).toEqual([1, 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('added by one that is woken is woken in its turn', () => {
    const wheel = new DeadlineWheel(fakeTime)
    const child = sleeper(wheel, 0)
    const parent = sleeper(wheel, 250, () => {
      child.deadlineMs = wheel.nowMs
      wheel.add(child)
    })
    wheel.add(parent)
    vi.advanceTimersByTime(2000)
    expect(child.wokenMs).toHaveLength(1)
  })
})

test('one timer serves thousands of sleepers, and each is woken once', () => {
  const wheel = new DeadlineWheel(fakeTime)
  const sleepers = Array.from({ length: 5000 }, (_, i) => sleeper(wheel, (i * 37) % 100_000))
  for (const one of sleepers) wheel.add(one)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(110_000)
  expect(sleepers.every(({ wokenMs }) => wokenMs.length === 1)).toBe(true)
})

test('after a long stall nobody is forgotten, and what waits to be read is read first', () => {
  const wheel = new DeadlineWheel(fakeTime)
  const sleepers = [10, 1000, 63_000, 70_000, 500_000].map((delayMs) => sleeper(wheel, delayMs))
  for (const one of sleepers) wheel.add(one)
  const real = performance.now
  vi.spyOn(performance, 'now').mockImplementation(() => real.call(performance) + 100_000)
  vi.advanceTimersToNextTimer()
  expect(sleepers.map(({ wokenMs }) => wokenMs.length)).toEqual([0, 0, 0, 0, 0])
  vi.advanceTimersToNextTimer()
  expect(sleepers.map(({ wokenMs }) => wokenMs.length)).toEqual([1, 1, 1, 1, 0])
  vi.restoreAllMocks()
})

test('nowMs is the clock of the last tick or refresh', () => {
  const wheel = new DeadlineWheel(fakeTime)
  wheel.add(sleeper(wheel, Infinity))
  const startMs = wheel.nowMs
  vi.advanceTimersByTime(TICK_MS * 4)
  expect(wheel.nowMs - startMs).toBe(TICK_MS * 4)
  vi.advanceTimersByTime(100)
  expect(wheel.nowMs - startMs).toBe(TICK_MS * 4)
  expect(wheel.refresh() - startMs).toBe(TICK_MS * 4 + 100)
})
