import { HubError } from '@wigwag/hub'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { describe, expect, test } from 'vitest'
import { resolveRedisBrokerOptions } from '../src/redis-broker-options.ts'

describe('the options of a Redis broker', () => {
  const wrong: readonly [name: string, values: readonly unknown[]][] = [
    ['url', [6379, null, {}]],
    ['client', ['redis://', null, 1]],
    ['prefix', ['', 'a b', 'a{', '}', 5, null]],
    ['history.size', [-1, 0.5, Number.NaN, '100']],
    ['history.ttlMs', [0, -1, Number.POSITIVE_INFINITY]],
    ['history.maxBytes', [0, 1.5]],
    ['positionTtlMs', [0, -1, 1.5, 1000]],
    ['idempotencyTtlMs', [0, Number.NaN]],
    ['bridge', ['foo', '', 5, null, ['foo', 5], ['']]],
    ['lingerMs', [-1, 2 ** 31, '0']],
    ['maxChannels', [0, 1.5, Number.POSITIVE_INFINITY]],
    ['commandTimeoutMs', [0, 2 ** 31]],
    ['pingIntervalMs', [0, 2 ** 31]],
    ['maxReconnectDelayMs', [0, 2 ** 31]],
  ]

  for (const [name, values] of wrong) {
    test.each(values)(`${name} %j is refused by name`, (value) => {
      const [outer, inner] = name.split('.') as [string, string | undefined]
      const options = { [outer]: inner === undefined ? value : { [inner]: value } } as RedisBrokerOptions
      let error: unknown
      try {
        new RedisBroker(options)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(HubError)
      expect((error as HubError).code).toBe('ERR_OPTION')
      expect((error as HubError).message).toMatch(new RegExp(`^Option ${name.replace('.', '\\.')} must`))
    })
  }

  test('a URL that is none is refused with what it should be', () => {
    expect(() => new RedisBroker({ url: 'localhost' })).toThrow(/no Redis URL/)
  })

  test('what is left out, or undefined, has its default', () => {
    const defaults = resolveRedisBrokerOptions({})
    const names = Object.keys(defaults)
    expect(resolveRedisBrokerOptions(Object.fromEntries(names.map((name) => [name, undefined])))).toEqual(defaults)
    expect(defaults).toMatchObject({ url: 'redis://127.0.0.1:6379', prefix: 'wigwag', bridge: 'none', lingerMs: 5000 })
  })

  test('the outermost values are taken', () => {
    const largest = 2 ** 31 - 1
    const times = { lingerMs: largest, commandTimeoutMs: 1, pingIntervalMs: largest, maxReconnectDelayMs: largest }
    const options = { ...times, maxChannels: 1, bridge: [], prefix: 'ä:/-' } as const
    expect(resolveRedisBrokerOptions(options)).toMatchObject(options)
    const even = { positionTtlMs: 60_000, history: { ttlMs: 60_000 } }
    expect(resolveRedisBrokerOptions(even)).toMatchObject(even)
  })
})
