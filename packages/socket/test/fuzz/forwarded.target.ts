import { isIP } from 'node:net'
import { findClientAddress } from '@wigwag/socket/core'
import { latin1, must } from '../../../../tools/fuzz/fuzz-target.ts'
import { AddressSet } from '../../src/node/address-set.ts'
import { addressGroup, parseForwardedAddress } from '../../src/node/ip-address.ts'

/** `X-Forwarded-For`, as proxies of ours hand it on: addresses in any spelling, and whatever a client wrote before them. */
export function fuzz(input: Uint8Array): void {
  const entries = latin1(input)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const client = findClientAddress({ address: '10.0.0.1', trusted: true }, entries, port)
  must(isIP(client) !== 0, () => `${JSON.stringify(client)} is no address`)
  must(port.parse(client) === client, () => `${client} has another spelling`)
  const group = addressGroup(client)
  must(isIP(group.split('/')[0] as string) !== 0, () => `${group} is no group of addresses`)
  must(isIP(client) === 6 ? group.endsWith('::/64') : group === client, () => `${client} is counted as ${group}`)
  // Whom the last trusted proxy named: nothing left of it counts.
  const untrusted = entries.findLastIndex((entry) => !port.trusts(port.parse(entry) ?? ''))
  if (untrusted >= 0) {
    must(findClientAddress({ address: '10.0.0.1', trusted: true }, entries.slice(untrusted), port) === client, 'forged')
  }
}

const trusted = new AddressSet('trustedProxies', ['loopback', '10.0.0.0/8', 'fd00::/8', '::ffff:192.0.2.0/120'])
const port = { parse: parseForwardedAddress, trusts: (address: string): boolean => trusted.has(address) }

export const seeds: Record<string, string> = {
  'one client': '203.0.113.5',
  'a client behind two proxies': '203.0.113.5, 10.0.0.2',
  'an address that was forged': '127.0.0.1, 203.0.113.5, 10.1.2.3',
  'with a port': '203.0.113.5:1234, 10.0.0.1:80',
  'IPv6, with brackets and a port': '[2001:db8::1]:443, [::1]',
  'IPv4 mapped into IPv6': '::ffff:203.0.113.5, ::FFFF:10.0.0.1',
  'with a zone': 'fe80::1%eth0',
  'no address': 'unknown, _hidden',
  'the longest form': '2001:0db8:0000:0000:0000:ff00:0042:8329',
}

export const dictionary: string[] = [
  '::',
  '::ffff:',
  '127.0.0.1',
  '10.0.0.1',
  'fd00::1',
  ', ',
  '[',
  ']:',
  '%',
  '0:',
  '.255',
  '192.0.2.1',
]
