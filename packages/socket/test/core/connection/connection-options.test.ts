import {
  type ConnectionOptions,
  ConnectionProfile,
  checkModeOption,
  resolveConnectionOptions,
  UsageError,
  withoutUndefined,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const NUMERIC = [
  ['maxMessageBytes', 1],
  ['maxFrameBytes', 1],
  ['maxFragments', 1],
  ['maxControlFramesPerSecond', 1],
  ['pingIntervalMs', 0],
  ['pongTimeoutMs', 1],
  ['closeTimeoutMs', 1],
] as const

describe('defaults of the connection options', () => {
  test('every one of them', () => {
    expect(resolveConnectionOptions()).toEqual({
      autoPong: true,
      echoCloseReason: false,
      clientEndsTransport: false,
      maxMessageBytes: 1_048_576,
      maxFrameBytes: 1_048_576,
      maxFragments: 16_384,
      maxControlFramesPerSecond: 256,
      maxBufferedForPongBytes: 2 * 1024 * 1024,
      utf8: 'strict',
      textAs: 'string',
      bytesAs: 'owned',
      pingIntervalMs: 25_000,
      pongTimeoutMs: 10_000,
      closeTimeoutMs: 5_000,
    })
  })

  test('maxFrameBytes follows maxMessageBytes', () => {
    expect(resolveConnectionOptions({ maxMessageBytes: 5 })).toMatchObject({ maxFrameBytes: 5 })
    expect(resolveConnectionOptions({ maxMessageBytes: 5, maxFrameBytes: 3 })).toMatchObject({ maxFrameBytes: 3 })
  })

  test('an option given as undefined counts as not given', () => {
    const given = Object.fromEntries(Object.keys(resolveConnectionOptions()).map((name) => [name, undefined]))
    expect(resolveConnectionOptions(given as ConnectionOptions)).toEqual(resolveConnectionOptions())
    expect(withoutUndefined({ a: 1, b: undefined, c: null })).toEqual({ a: 1, c: null })
  })

  test('what is given is taken', () => {
    const given = { utf8: 'trust', textAs: 'bytes', pingIntervalMs: 0, maxFragments: 1 } as const
    expect(resolveConnectionOptions(given)).toMatchObject(given)
  })
})

describe('an option out of range', () => {
  test.each(NUMERIC)('%s takes whole numbers from %i up, and its error says so', (name, lowest) => {
    expect(resolveConnectionOptions({ [name]: lowest })).toMatchObject({ [name]: lowest })
    for (const bad of [lowest - 1, 1.5, Number.NaN, Infinity, 2 ** 53, '10', null, 10n, true]) {
      const resolve = (): unknown => resolveConnectionOptions({ [name]: bad } as ConnectionOptions)
      expect(resolve, `${name}: ${bad}`).toThrow(UsageError)
      expect(resolve).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
      expect(resolve).toThrow(`Option ${name} must be a whole number from ${lowest} up; it is ${bad}.`)
    }
  })

  test.each([
    ['utf8', "'strict', 'trust'"],
    ['textAs', "'string', 'bytes'"],
    ['bytesAs', "'owned', 'borrowed'"],
  ])('%s takes one of its modes, and its error lists them', (name, modes) => {
    for (const bad of ['', 'STRICT', true, null, 0]) {
      const resolve = (): unknown => resolveConnectionOptions({ [name]: bad } as ConnectionOptions)
      expect(resolve).toThrow(`Option ${name} must be one of ${modes}; it is ${bad}.`)
    }
    expect(() => checkModeOption(name, 'a', ['a'])).not.toThrow()
  })

  test.each(['yes', 1, null])('autoPong takes true or false, not %j', (bad) => {
    expect(() => resolveConnectionOptions({ autoPong: bad as never })).toThrow(
      `Option autoPong must be true or false; it is ${bad}.`,
    )
  })

  test('is refused when the profile is made, before there is any connection', () => {
    const ports = { random: () => 0, randomKey: () => 0 }
    expect(() => new ConnectionProfile('server', { maxFragments: 0 }, ports)).toThrow('maxFragments')
  })
})
