import {
  checkHost,
  checkOrigin,
  HeaderFields,
  isSameOrigin,
  LOOPBACK_HOSTS,
  type OriginPolicy,
  parseHost,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const check = (origin: string | undefined, policy: OriginPolicy, host = 'app.example:8080'): boolean => {
  const headers = new HeaderFields(['Host', host, ...(origin === undefined ? [] : ['Origin', origin])])
  return checkOrigin(headers, policy) === undefined
}

describe('§10.2 which pages may connect', () => {
  test.each([
    ['the same host and port', 'http://app.example:8080', true],
    ['the same through a proxy that ends TLS', 'https://app.example:8080', true],
    ['another port', 'http://app.example:8081', false],
    ['the default port', 'http://app.example', false],
    ['another host', 'http://evil.example:8080', false],
    ['a host that begins alike', 'http://app.example.evil:8080', false],
    ['a host that ends alike', 'http://evilapp.example:8080', false],
    ['a subdomain', 'http://sub.app.example:8080', false],
    ['the host as a user name', 'http://app.example:8080@evil.example', false],
    ['the host as a path', 'http://evil.example/app.example:8080', false],
    ['a sandboxed page', 'null', false],
    ['an empty value', '', false],
    ['a file', 'file://', false],
    ['no URL', 'app.example:8080', false],
    ['two origins in one line', 'http://app.example:8080, http://evil.example', false],
  ])("'same-origin': %s", (_name, origin, allowed) => {
    expect(check(origin, 'same-origin')).toBe(allowed)
  })

  test('requests without Origin come from programs, and pass', () => {
    expect(check(undefined, 'same-origin')).toBe(true)
    expect(check(undefined, [])).toBe(true)
  })

  test("'any' lets everything in", () => expect(check('https://evil.example', 'any')).toBe(true))

  test('a list is compared exactly, scheme and port included, and adds to the same origin', () => {
    const list = ['https://app.other', 'http://dev.other:3000']
    expect(
      ['https://app.other', 'http://dev.other:3000', 'http://app.example:8080'].map((o) => check(o, list)),
    ).toEqual([true, true, true])
    const wrong = [
      'http://app.other',
      'https://app.other:444',
      'http://dev.other',
      'https://app.other.evil',
      'https://*',
      'null',
    ]
    expect(wrong.filter((origin) => check(origin, list))).toEqual([])
  })

  test('the refusal names both values, what is allowed, and the fix', () => {
    const headers = new HeaderFields(['Host', 'a', 'Origin', 'https://b'])
    expect(checkOrigin(headers, 'same-origin')).toEqual({
      rule: 'origin',
      message:
        'Origin "https://b" does not match Host "a". To let its pages in, add it to allowOrigins (--allow-origin).',
    })
    expect(checkOrigin(headers, ['https://c', 'https://d'])?.message).toContain(' and is none of https://c, https://d.')
  })

  test.each([
    ['http://a', 'a', true],
    ['http://a', 'a:80', true],
    ['https://a', 'a:443', true],
    ['https://a', 'a', true],
    ['https://a:443', 'a', true],
    ['http://a:80', 'A', true],
    ['https://a', 'a:80', false],
    ['http://[::1]:3000', '[::1]:3000', true],
    ['http://[::1]:3000', '127.0.0.1:3000', false],
    ['http://a', '', false],
    ['http://a b', 'a', false],
    ['http://a:port', 'a', false],
  ])('%j is the same origin as Host %j: %j', (origin, host, same) => {
    expect(isSameOrigin(origin, host)).toBe(same)
  })

  test('a request without Host has no same origin', () => {
    expect(checkOrigin(new HeaderFields(['Origin', 'http://a']), 'same-origin')).toBeDefined()
  })
})

describe('which Host values are answered, against DNS rebinding', () => {
  test.each([
    ['localhost', true],
    ['LOCALHOST:8080', true],
    ['127.0.0.1', true],
    ['[::1]:80', true],
    ['localhost.evil.example', false],
    ['evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['127.0.0.2', false],
    ['', false],
  ])('on loopback, %j: %j', (host, allowed) => {
    expect(checkHost(host, LOOPBACK_HOSTS) === undefined).toBe(allowed)
  })

  test("'any' answers all, a list its names in any spelling", () => {
    expect(checkHost('evil.example', 'any')).toBeUndefined()
    expect(checkHost('app.example:1', ['App.Example'])).toBeUndefined()
  })

  test('the refusal names what came, what is served, and the fix', () => {
    const refusal = checkHost('evil.example', ['localhost', 'b'])
    expect(refusal?.rule).toBe('host')
    expect(refusal?.message).toMatch(
      /Host "evil\.example" is not served here.*localhost, b.*allowHosts \(--allow-host\)/,
    )
  })
})

describe('RFC 9110 §7.2 Host', () => {
  test.each([
    ['Example.COM', { name: 'example.com', port: '' }],
    ['a:8080', { name: 'a', port: '8080' }],
    ['a:', { name: 'a', port: '' }],
    ['[2001:DB8::1]:443', { name: '[2001:db8::1]', port: '443' }],
    ['xn--bcher-kva.example', { name: 'xn--bcher-kva.example', port: '' }],
  ])('%j', (host, expected) => expect(parseHost(host)).toEqual(expected))

  test.each(['', ':80', 'a b', 'a/b', 'a:b', 'a:123456', '[::1', '::1', 'a@b', 'a\n', 'é', 'a#b', 'a?b', '[::1]x'])(
    '%j is malformed',
    (host) => expect(parseHost(host)).toBeUndefined(),
  )
})
