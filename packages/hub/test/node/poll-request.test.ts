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
