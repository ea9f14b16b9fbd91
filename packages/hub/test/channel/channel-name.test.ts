import { assertChannelName, MAX_CHANNEL_NAME_LENGTH } from '@wigwag/hub'
import { channelPath } from '@wigwag/hub/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeChannelName, matchChannelUrl } from '../../src/node/channel-url.ts'

test.each([
  'a',
  'news',
  'a/b',
  'a.b:c$d',
  'kůň',
  '🐎',
  '_x',
  '100%',
  'a+b',
  '...',
  'x'.repeat(MAX_CHANNEL_NAME_LENGTH),
])('%j names a channel', (name) => {
  expect(() => assertChannelName(name)).not.toThrow()
})

const refused: [string, string][] = [
  ['', 'empty'],
  ['x'.repeat(MAX_CHANNEL_NAME_LENGTH + 1), 'at most 255'],
  ['a b', '" "'],
  ['a\tb', '\\t'],
  ['a\u0000', '\\u0000'],
  ['a\u007f', 'not allowed'],
  ['a\u2028', 'not allowed'],
  ['a\ud800', 'not allowed'],
  ['a*', '"*"'],
  ['a>', '">"'],
  ['a?', '"?"'],
  ['.', 'URL'],
  ['..', 'URL'],
  ['__admin', 'reserved'],
]
test.each(refused)('%j names none, and ERR_CHANNEL_NAME says why: %s', (name, why) => {
  expect(() => assertChannelName(name)).toThrow(
    expect.objectContaining({ code: 'ERR_CHANNEL_NAME', message: expect.stringContaining(why) }),
  )
})

function isName(name: string): boolean {
  try {
    assertChannelName(name)
    return true
  } catch {
    return false
  }
}

test('every name survives its URL, also when a browser has normalised that', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter(isName), (name) => {
      const { pathname, search } = new URL(channelPath(name), 'http://localhost')
      expect(decodeChannelName(matchChannelUrl(pathname + search, false)?.encodedName ?? '')).toBe(name)
    }),
  )
})

test('a second path segment is refused with the way to write it', () => {
  expect(() => decodeChannelName('a/b')).toThrow(/%2F/)
  expect(decodeChannelName('a%2Fb')).toBe('a/b')
})

test('a name that is no percent-encoded UTF-8 is refused', () => {
  for (const name of ['%', '%zz', '%ff', '%ed%a0%80'])
    expect(() => decodeChannelName(name)).toThrow(/percent-encoded UTF-8/)
})

test('only /channel/NAME is ours, and /ws?channel=NAME where the alias is', () => {
  for (const target of ['/', '/channel', '/channels/a', '/x/channel/a', '/ws?channel=a', '*']) {
    expect(matchChannelUrl(target, false), target).toBeUndefined()
  }
  expect(matchChannelUrl('/ws?channel=a%2Fb&after=e:1', true)?.encodedName).toBe('a%2Fb')
  expect(matchChannelUrl('/wss?channel=a', true)).toBeUndefined()
})

test('/ws without a channel is left to the application, which may have a WebSocket of its own there', () => {
  expect(matchChannelUrl('/ws', true)).toBeUndefined()
  expect(matchChannelUrl('/ws?token=x', true)).toBeUndefined()
})
