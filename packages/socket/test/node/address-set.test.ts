import { AddressSet } from '@wigwag/socket'
import { describe, expect, test } from 'vitest'
import { addressGroup, parseAddress, parseForwardedAddress } from '../../src/node/ip-address.ts'

describe('an address in one spelling', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:FFFF:c000:0201', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['192.0.2.256', undefined],
    ['192.0.2', undefined],
    ['0300.0.2.1', undefined],
    ['localhost', undefined],
  ])('%j: %j', (text, address) => expect(parseAddress(text)).toBe(address))

  test.each([
    ['192.0.2.1:5050', '192.0.2.1'],
    ['[2001:db8::1]:5050', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['"192.0.2.1"', undefined],
    ['192.0.2.1:', undefined],
    ['for=192.0.2.1', undefined],
  ])('forwarded as %j: %j', (text, address) => expect(parseForwardedAddress(text)).toBe(address))
})

describe('a set of addresses', () => {
  const set = new AddressSet('trustedProxies', ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::ffff:172.16.0.0/108'])

  test.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.0.2.1', true],
    ['192.0.2.2', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['127.0.0.1', false],
    ['unix:', false],
    ['', false],
  ])('%s: %j', (address, has) => expect(set.has(address)).toBe(has))

  test('loopback is the machine itself, Unix sockets included', () => {
    const loopback = new AddressSet('x', ['loopback'])
    expect(['127.0.0.1', '127.9.9.9', '::1', 'unix:'].map((address) => loopback.has(address))).not.toContain(false)
    expect(['10.0.0.1', '::2', ''].map((address) => loopback.has(address))).not.toContain(true)
  })

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '::/129', '10.0.0.0/8/8', 'proxy.example', '*', ''])(
    '%j is none, and named in an ERR_OPTION',
    (entry) => {
      const make = (): unknown => new AddressSet('trustedProxies', [entry])
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
      expect(make).toThrow(`trustedProxies has ${JSON.stringify(entry)}`)
    },
  )
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1:0:0:5', '2001:db8:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['::', '0:0:0:0::/64'],
  ['unix:', 'unix:'],
])('%s is counted by %s', (address, group) => expect(addressGroup(address)).toBe(group))
