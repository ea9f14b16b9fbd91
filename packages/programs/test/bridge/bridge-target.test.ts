import { type BridgeTarget, formatTarget, parseTarget } from '@wigwag/programs/bridge'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('what a target is', () => {
  test.each<[string, BridgeTarget]>([
    ['127.0.0.1:6379', { kind: 'tcp', host: '127.0.0.1', port: 6379 }],
    ['Redis.Internal:6379', { kind: 'tcp', host: 'redis.internal', port: 6379 }],
    ['a_b-c.d:1', { kind: 'tcp', host: 'a_b-c.d', port: 1 }],
    ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
    ['[0:0:0:0:0:0:0:1]:80', { kind: 'tcp', host: '::1', port: 80 }],
    ['[2001:DB8::A]:80', { kind: 'tcp', host: '2001:db8::a', port: 80 }],
    ['unix:/run/my socket', { kind: 'unix', path: '/run/my socket' }],
  ])('%s', (text, target) => expect(parseTarget(text)).toEqual(target))

  test.each([
    '',
    ':',
    ':80',
    'localhost',
    'localhost:',
    'localhost:0',
    'localhost:080',
    'localhost:65536',
    'localhost:-1',
    'localhost:8e1',
    'localhost: 80',
    'local host:80',
    'a/b:80',
    'user@host:80',
    '::1:80',
    '[::1]',
    '[::1:80',
    '[fe80::1%eth0]:80',
    '[localhost]:80',
    'unix:',
    'unix:relative',
    'unix:/a\0b',
    `${'a'.repeat(254)}:80`,
    'http://localhost:80',
  ])('%j is none', (text) => expect(parseTarget(text)).toBeUndefined())

  test('what is written is read back, and one target has one text', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.domain().map((name) => name.toUpperCase()),
    )
    const text = fc.oneof(
      fc
        .tuple(host, fc.integer({ min: 1, max: 65_535 }))
        .map(([name, port]) => `${name.includes(':') ? `[${name}]` : name}:${port}`),
      fc.string().map((path) => `unix:/${path.replaceAll('\0', '')}`),
      fc.string(),
    )
    fc.assert(
      fc.property(text, (given) => {
        const target = parseTarget(given)
        if (target === undefined) return
        const written = formatTarget(target)
        expect(parseTarget(written)).toEqual(target)
        expect(formatTarget(parseTarget(written) as BridgeTarget)).toBe(written)
      }),
      { numRuns: 2000 },
    )
  })

  test('every address with a port is one', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    )
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        expect(parseTarget(`${address}:${port}`)).toMatchObject({ kind: 'tcp', port })
      }),
    )
  })
})
