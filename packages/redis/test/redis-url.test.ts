import { HubError } from '@wigwag/hub'
import { describeRedis } from '@wigwag/redis'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redisOptionsOf } from '../src/redis-url.ts'

function errorOf(url: string): HubError {
  try {
    redisOptionsOf(url)
  } catch (error) {
    if (error instanceof HubError) return error
    throw error
  }
  throw new Error(`${url} was taken.`)
}

describe('a Redis URL', () => {
  const local = { host: '127.0.0.1', port: 6379, db: 0 }

  test.each([
    ['redis://', local],
    ['redis://127.0.0.1', local],
    ['redis://cache.example:7000', { host: 'cache.example', port: 7000, db: 0 }],
    ['redis://cache.example/3', { host: 'cache.example', port: 6379, db: 3 }],
    ['redis://cache.example:7000/', { host: 'cache.example', port: 7000, db: 0 }],
    ['redis://[::1]', { host: '::1', port: 6379, db: 0 }],
    ['redis://[2001:db8::1]:7000/1', { host: '2001:db8::1', port: 7000, db: 1 }],
    ['redis://:secret@127.0.0.1', { ...local, password: 'secret' }],
    ['redis://ada@127.0.0.1', { ...local, username: 'ada' }],
    ['redis://ada:secret@127.0.0.1', { ...local, username: 'ada', password: 'secret' }],
    ['redis://a%40b:p%3A%2F%40%25@127.0.0.1', { ...local, username: 'a@b', password: 'p:/@%' }],
    ['rediss://127.0.0.1', { ...local, tls: {} }],
    ['redis+sentinel://one,two:5000/mymaster', { sentinels: [at('one', 26_379), at('two', 5000)], name: 'mymaster' }],
    ['redis+sentinel://:secret@[::1]/m%20m', { sentinels: [at('::1', 26_379)], name: 'm m', password: 'secret' }],
  ])('%s is understood', (url, options) => {
    expect(redisOptionsOf(url)).toEqual(options)
  })

  test.each([
    '',
    'localhost:6379',
    'http://127.0.0.1',
    'redis:127.0.0.1',
    'redis://127.0.0.1:0',
    'redis://127.0.0.1:65536',
    'redis://127.0.0.1:port',
    'redis://one,two',
    'redis://127.0.0.1/database',
    'redis://127.0.0.1/-1',
    'redis://127.0.0.1/0/1',
    'redis://127.0.0.1?family=6',
    'redis://127.0.0.1#0',
    'redis://::1',
    'redis://[::1',
    'redis://%zz:secret@127.0.0.1',
    'redis+sentinel://one,two',
    'redis+sentinel:///mymaster',
    'redis+sentinel://one,,two/mymaster',
  ])('%j is refused, with the forms that there are', (url) => {
    expect(errorOf(url).code).toBe('ERR_OPTION')
    expect(errorOf(url).message).toMatch(/redis:\/\/\[USER:PASSWORD@\]HOST.*rediss:\/\/.*redis\+sentinel:\/\//)
  })

  test('an error never shows what stands before an @, however the URL is misspelt', () => {
    const start = fc.constantFrom(
      'redis://',
      'rediss://',
      'redis+sentinel://',
      'redis:/',
      'redis:',
      '//',
      'http://',
      '',
    )
    const between = fc.constantFrom('', '/', '#', '?', '\n', ' ', '%', ':', '@', ',', '[')
    const rest = fc.constantFrom('127.0.0.1', 'host:1/0', 'host:99999', '%', '')
    fc.assert(
      fc.property(start, between, between, rest, (scheme, before, behind, where) => {
        const url = `${scheme}ada:${before}hunter2${behind}@${where}`
        let message: string
        try {
          message = describeRedis(url)
        } catch (error) {
          message = (error as Error).message
        }
        expect(message).not.toContain('hunter2')
        expect(message.length).toBeLessThan(400)
      }),
    )
  })

  test.each([
    ['redis://ada:secret@cache.example:7000/2', 'Redis at cache.example:7000'],
    ['redis://cache.example/0', 'Redis at cache.example:6379'],
    ['rediss://[::1]', 'Redis at [::1]:6379'],
    ['redis+sentinel://:secret@one,two/mymaster', 'Redis mymaster of the sentinels one:26379, two:26379'],
  ])('%s is described for a log without user and password', (url, description) => {
    expect(describeRedis(url)).toBe(description)
  })
})

function at(host: string, port: number): { host: string; port: number } {
  return { host, port }
}
