import { RedisPresenceStore, type RedisPresenceStoreOptions, RedisTicketStore } from '@wigwag/redis'
import { describe, expect, test } from 'vitest'
import { resolveRedisPresenceStoreOptions } from '../src/redis-presence-options.ts'

/** Of what both stores and the broker take. */
const WRONG_LINES: readonly [name: string, value: unknown][] = [
  ['url', 6379],
  ['client', null],
  ['prefix', 'a{b'],
  ['commandTimeoutMs', 0],
  ['pingIntervalMs', 2 ** 31],
  ['maxReconnectDelayMs', 1.5],
]

const WRONG: readonly [name: string, value: unknown][] = [
  ['presenceTtlMs', 0],
  ['presenceTtlMs', '60000'],
  ['retentionMs', 0],
  ['retentionMs', Number.NaN],
]

describe('the options of the stores on Redis', () => {
  test.each([...WRONG_LINES, ...WRONG])('%s %j of presence is refused by name', (name, value) => {
    expect(() => new RedisPresenceStore({ [name]: value } as RedisPresenceStoreOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`Option ${name} must`) }),
    )
  })

  test.each(WRONG_LINES)('%s %j of tickets is refused by name', (name, value) => {
    expect(() => new RedisTicketStore({ [name]: value } as RedisPresenceStoreOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`Option ${name} must`) }),
    )
  })

  test('what is left out, or undefined, has its default', () => {
    const defaults = resolveRedisPresenceStoreOptions({})
    const names = Object.keys(defaults)
    expect(resolveRedisPresenceStoreOptions(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(
      defaults,
    )
    expect(defaults).toMatchObject({ prefix: 'wigwag', presenceTtlMs: 60_000, retentionMs: 3_600_000 })
  })
})
