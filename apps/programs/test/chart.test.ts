import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTick, formatValue } from '../src/chart/format-value.ts'
import { indexFrom, startOf } from '../src/chart/time-window.ts'
import { withoutEscapes } from '../src/without-escapes.ts'

test.each([
  [0, '0'],
  [0.1234, '0.123'],
  [1.234, '1.23'],
  [12.34, '12.3'],
  [1234.5, '1235'],
  [-12_345, '-12.3 k'],
  [8_123_456, '8.12 M'],
  [3e12, '3 T'],
  [0.00001, '1.0e-5'],
  [null, '–'],
])('a value: %s is %s', (value, text) => expect(formatValue(value)).toBe(text))

test.each([
  [3_460_000, 5000, '3.46 M'],
  [3_465_000, 5000, '3.465 M'],
  [0, 0.5, '0'],
  [1.5, 0.5, '1.5'],
  [200, 100, '200'],
  [10_000, 2000, '10 k'],
])('a tick: %s beside others %s away is %s', (value, step, text) => expect(formatTick(value, step)).toBe(text))

test('ticks that differ look different', () => {
  const step = fc.constantFrom(0.001, 0.5, 1, 2, 5, 100, 2500, 5e6)
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 1000 }), step, (place, apart) => {
      expect(formatTick(place * apart, apart)).not.toBe(formatTick((place + 1) * apart, apart))
    }),
  )
})

describe('a time window', () => {
  test('begins where values begin, while they are younger', () => {
    expect(startOf([100, 200], 220, 300)).toBe(100)
    expect(startOf([100, 200], 220, 60)).toBe(160)
    expect(startOf([100, 200], 220, 0)).toBe(100)
    expect(startOf([219], 220, 60)).toBe(210)
    expect(startOf([], 220, 60)).toBe(210)
  })

  test('is drawn from one value before it, wherever it begins', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), fc.nat({ max: 60 }), (numbers, start) => {
        const times = numbers.sort((a, b) => a - b)
        const inside = times.findIndex((time) => time >= start)
        const expected = Math.max(0, (inside < 0 ? times.length : inside) - 1)
        expect(indexFrom(times, start)).toBe(expected)
      }),
    )
  })
})

test.each([
  ['\u001b[31mred\u001b[0m plain', 'red plain'],
  ['\u001b]0;title\u0007text', 'text'],
  ['\u001b[2K\u001b[1Gline', 'line'],
  ['nothing to do', 'nothing to do'],
])('what a line says to a terminal is left out: %j', (line, text) => expect(withoutEscapes(line)).toBe(text))
