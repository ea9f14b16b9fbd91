import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelKeys } from '../src/channel-keys.ts'
import { presenceKeys } from '../src/presence-keys.ts'

/** What Redis hashes of a key: what stands in the first pair of braces, unless that is nothing; otherwise all. */
function hashTagOf(key: string): string {
  const open = key.indexOf('{')
  const close = key.indexOf('}', open + 1)
  return open < 0 || close <= open + 1 ? key : key.slice(open + 1, close)
}

/** Many braces, percent signs and what looks like escapes. */
const channelName = fc
  .array(
    fc.oneof(fc.constantFrom('{', '}', '%', '%7B', '%25', ':', 'a'), fc.string({ unit: 'grapheme', maxLength: 3 })),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''))
  .filter((name) => name !== '')

/** Everything that a channel is called in Redis. */
const namesOf = (channel: string): string[] =>
  [channelKeys('wigwag', channel, 0), presenceKeys('wigwag', channel)].flatMap((keys) => Object.values(keys))

const database = fc.constantFrom(0, 1, 15)

describe('the names of a channel in Redis', () => {
  test('hash to one slot, whatever the channel is called', () => {
    fc.assert(
      fc.property(channelName, database, (channel, db) => {
        const { meta, stream, idempotency, live } = channelKeys('wigwag', channel, db)
        const presence = Object.values(presenceKeys('wigwag', channel))
        const tags = [meta, stream, `${idempotency}any{key}`, live, ...presence].map(hashTagOf)
        expect(new Set(tags).size).toBe(1)
        expect(tags[0]).not.toBe('')
        expect(tags[0]).not.toBe(meta)
      }),
    )
  })

  test('differ from each other and from those of any other channel', () => {
    fc.assert(
      fc.property(channelName, channelName, (one, other) => {
        const names = namesOf(one)
        expect(new Set(names).size).toBe(names.length)
        if (one === other) return
        for (const name of namesOf(other)) expect(names).not.toContain(name)
        expect(hashTagOf(names[0] as string)).not.toBe(hashTagOf(channelKeys('wigwag', other, 0).meta))
      }),
    )
  })

  test('a plain channel can be read in redis-cli', () => {
    expect(channelKeys('wigwag', 'news/today', 0)).toEqual({
      meta: 'wigwag:{news/today}:meta',
      stream: 'wigwag:{news/today}:stream',
      idempotency: 'wigwag:{news/today}:key:',
      live: 'wigwag:{news/today}:live',
    })
  })

  test('what goes live differs by database: Redis shares its pub/sub between them', () => {
    expect(channelKeys('wigwag', 'a', 1).live).not.toBe(channelKeys('wigwag', 'a', 0).live)
  })
})
