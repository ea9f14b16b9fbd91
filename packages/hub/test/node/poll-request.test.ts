import { HeaderFields } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { parsePollRequest } from '../../src/node/poll-request.ts'

const MAX_WAIT_MS = 55_000
const parse = (query: string, ...tags: string[]) =>
  parsePollRequest(
    new URLSearchParams(query),
    new HeaderFields(tags.flatMap((tag) => ['If-None-Match', tag])),
    MAX_WAIT_MS,
  )

describe('the position of a poll', () => {
  test.each<[string, string, readonly string[], string | undefined]>([
    ['none', '', [], undefined],
    ['?after=', 'after=e:1', [], 'e:1'],
    ['an empty ?after= is none', 'after=', [], undefined],
    ['If-None-Match', '', ['"e:2"'], 'e:2'],
    ['a weak tag, as nginx makes one when it compresses', '', ['W/"e:2"'], 'e:2'],
    ['a tag that a proxy marked as compressed', '', ['"e:2-gzip"'], 'e:2'],
    ['a tag that a proxy marked as compressed, in another way', '', ['"e:2--br"'], 'e:2'],
    ['If-None-Match rather than ?after=', 'after=e:1', ['"e:2"'], 'e:2'],
    ['If-None-Match rather than a malformed ?after=', 'after=x', ['"e:2"'], 'e:2'],
    ['the first of a list that is a position', '', ['"abc", "e:2", "e:3"'], 'e:2'],
    ['the first of several lines', '', ['"abc"', '"e:2"'], 'e:2'],
    ['* is none', '', ['*'], undefined],
    ['a tag of other origin is none', '', ['"5d8c72a5edda8"'], undefined],
    ['a tag of other origin leaves ?after= as it is', 'after=e:1', ['"5d8c72a5edda8"'], 'e:1'],
    ['a tag without quotes is none', '', ['e:2'], undefined],
    ['an offset that is too large for one is none', '', ['"e:9999999999999999"'], undefined],
  ])('%s', (_what, query, tags, expected) => {
    const { after } = parse(query, ...tags)
    expect(after && `${after.epoch}:${after.offset}`).toBe(expected)
  })

  test('a malformed ?after= is ERR_POSITION', () => {
    expect(() => parse('after=5')).toThrow(expect.objectContaining({ code: 'ERR_POSITION' }))
  })
})

describe('the wait of a poll', () => {
  test.each<[string, number | undefined]>([
    ['', undefined],
    ['wait=0', 0],
    ['wait=30', 30_000],
    ['wait=0.25', 250],
    ['wait=0.0001', 1],
    ['wait=55', 55_000],
    ['wait=55.1', 55_000],
    ['wait=999999999', 55_000],
  ])('?%s', (query, waitMs) => {
    expect(parse(query).waitMs).toBe(waitMs)
  })

  test.each(['', '-1', 'x', '1s', '1e3', '.5', '5.', ' 5', '+5', 'NaN', 'Infinity', '0x10', '1,5', '9999999999'])(
    '?wait=%s is 400, with what to write',
    (wait) => {
      expect(() => parse(`wait=${encodeURIComponent(wait)}`)).toThrow(
        expect.objectContaining({ status: 400, message: expect.stringContaining('?wait=30') }),
      )
    },
  )
})

describe('the second of a poll', () => {
  const NOW_MS = 1_790_000_000_500
  const DATE = 'Mon, 21 Sep 2026 14:13:20 GMT'
  const sinceOf = (query: string, ...headers: string[]): unknown => {
    const { after, since } = parsePollRequest(
      new URLSearchParams(query),
      new HeaderFields(headers),
      MAX_WAIT_MS,
      NOW_MS,
    )
    return since ?? (after && `${after.epoch}:${after.offset}`)
  }

  test.each<[string, string, readonly string[], unknown]>([
    ['none', '', [], undefined],
    ['?timestamp=', 'timestamp=1789999999', [], 1789999999],
    ['an empty ?timestamp=, of a first poll', 'timestamp=', [], 'latest'],
    ['0, of who wants all that there is', 'timestamp=0', [], 0],
    ['a fraction is cut', 'timestamp=1789999999.9', [], 1789999999],
    ['milliseconds, as publications have them', 'timestamp=1789999999123', [], 1789999999],
    ['If-Modified-Since', '', ['If-Modified-Since', DATE], 1790000000],
    ['If-Modified-Since rather than ?timestamp=', 'timestamp=5', ['If-Modified-Since', DATE], 1790000000],
    ['before 1970', '', ['If-Modified-Since', 'Wed, 31 Dec 1969 23:59:59 GMT'], 0],
    ['a position rather than either', 'timestamp=5&after=e:1', ['If-Modified-Since', DATE], 'e:1'],
    ['a tag rather than either', 'timestamp=5', ['If-None-Match', '"e:2"', 'If-Modified-Since', DATE], 'e:2'],
    ['no date beside a tag of other origin', '', ['If-None-Match', '"x"', 'If-Modified-Since', DATE], undefined],
    ['no date beside *', '', ['If-None-Match', '*', 'If-Modified-Since', DATE], undefined],
    ['a date beside what is no tag', '', ['If-None-Match', '0', 'If-Modified-Since', DATE], 1790000000],
    ['a date beside an empty tag', '', ['If-None-Match', '', 'If-Modified-Since', DATE], 1790000000],
    ['a date that is none', 'timestamp=5', ['If-Modified-Since', 'yesterday'], 5],
    ['a date that is yet to come', '', ['If-Modified-Since', 'Mon, 21 Sep 2026 14:14:21 GMT'], undefined],
    [
      'a date of a clock that is a little ahead',
      '',
      ['If-Modified-Since', 'Mon, 21 Sep 2026 14:14:20 GMT'],
      1790000060,
    ],
  ])('%s', (_what, query, headers, expected) => {
    expect(sinceOf(query, ...headers)).toBe(expected)
  })

  test.each(['null', 'undefined', 'NaN', '-1', '1e9', '12345678901234567', '1790000061', '1790000061000'])(
    '?timestamp=%s is 400, and says what to write',
    (timestamp) => {
      expect(() => sinceOf(`timestamp=${timestamp}`)).toThrow(
        expect.objectContaining({
          status: 400,
          message: expect.stringMatching(/seconds since 1970|not that of your clock/i),
        }),
      )
    },
  )
})
