import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTick, formatTimeTick, formatValue } from '../src/chart/format-value.ts'
import { layoutPanels } from '../src/chart/panel-layout.ts'
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
  [0.25, 0.25, '0.25'],
  [1.75, 0.25, '1.75'],
  [2_500_000, 2_500_000, '2.5 M'],
  [0, 10_000_000, '0'],
])('a tick: %s beside others %s away is %s', (value, step, text) => expect(formatTick(value, step)).toBe(text))

test('ticks that differ look different', () => {
  const step = fc.constantFrom(0.001, 0.025, 0.25, 0.5, 1, 2, 5, 100, 2500, 5e6)
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

test('a time beside others has seconds where they differ in them', () => {
  const noon = new Date(2026, 10, 21, 12, 0, 30).getTime() / 1000
  expect(formatTimeTick(noon, 30)).toBe('12:00:30')
  expect(formatTimeTick(noon, 120)).toBe('12:00')
})

test.each([
  // A phone, a tablet, a laptop, and screens on a wall: with as many letters in their width, or larger ones.
  ['five on a phone are below each other, and scrolled', 5, 336, 560, 16, { columns: 1, plotHeightPx: 132 }],
  ['one fills a laptop', 1, 1380, 740, 16, { columns: 1, plotHeightPx: 680 }],
  [
    'one on a phone is no higher than half its width, where that can be read',
    1,
    336,
    560,
    16,
    { columns: 1, plotHeightPx: 168 },
  ],
  ['five on a laptop', 5, 1380, 740, 16, { columns: 2, plotHeightPx: 186 }],
  ['seventeen on a laptop', 17, 1380, 740, 16, { columns: 4, plotHeightPx: 132 }],
  ['five on a wall', 5, 2480, 1260, 23, { columns: 2, plotHeightPx: 333 }],
  ['seventeen on a wall', 17, 2480, 1260, 23, { columns: 5, plotHeightPx: 228 }],
])('panels: %s', (_what, count, widthPx, heightPx, remPx, layout) => {
  expect(layoutPanels(count, { widthPx, heightPx, remPx, aroundPx: 3.75 * remPx })).toEqual(layout)
})

test('panels fill their room, and can be read', () => {
  const size = fc.integer({ min: 1, max: 4000 })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200 }),
      size,
      size,
      fc.constantFrom(16, 20, 35),
      (count, widthPx, heightPx, remPx) => {
        const { columns, plotHeightPx } = layoutPanels(count, { widthPx, heightPx, remPx, aroundPx: 3.75 * remPx })
        expect(columns).toBeGreaterThanOrEqual(1)
        expect(plotHeightPx).toBeGreaterThanOrEqual(Math.round(8.25 * remPx))
        if (columns > 1) expect(widthPx / columns).toBeGreaterThanOrEqual(19 * remPx)
        // Higher than the least only where all of them fit.
        if (plotHeightPx > 8.25 * remPx + 1) {
          expect(Math.ceil(count / columns) * (plotHeightPx - 1 + 3.75 * remPx)).toBeLessThanOrEqual(heightPx)
        }
      },
    ),
  )
})
