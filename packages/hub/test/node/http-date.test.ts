import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeHttpDate, parseHttpDate } from '../../src/node/http-date.ts'

const NOW = Date.UTC(2026, 10, 21) / 1000

describe('a date of HTTP (RFC 9110 §5.6.7)', () => {
  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 6 Nov 1994 08:49:37',
  ])('%s', (text) => {
    expect(parseHttpDate(text, NOW)).toBe(784111777)
  })

  test('two digits are a year of the last fifty, or the next', () => {
    const yearOf = (digits: string): number =>
      new Date((parseHttpDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, NOW) ?? 0) * 1000).getUTCFullYear()
    expect(['26', '76', '77', '99', '00'].map(yearOf)).toEqual([2026, 2076, 1977, 1999, 2000])
  })

  test.each([
    '',
    'yesterday',
    '1700000000',
    '2026-11-21T00:00:00Z',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nix 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
  ])('%j is none', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined()
  })

  test('is read as it was written, for every second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253402300799 }), (seconds) => {
        expect(parseHttpDate(encodeHttpDate(seconds), NOW)).toBe(seconds)
      }),
    )
  })

  test('is a date of our time or none, whatever it is read from', () => {
    const unit = fc.constantFrom(
      'Sun',
      'Sunday',
      ', ',
      '06',
      '6',
      ' ',
      '-',
      'Nov',
      '1994',
      '94',
      '08:49:37',
      ' GMT',
      'x',
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const seconds = parseHttpDate(text, NOW)
        expect(seconds === undefined || Number.isSafeInteger(seconds)).toBe(true)
      }),
    )
  })
})
