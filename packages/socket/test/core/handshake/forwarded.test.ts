import {
  checkOrigin,
  findClientAddress,
  HeaderFields,
  isOwnOrigin,
  type Peer,
  requestedHost,
} from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'

const PROXY: Peer = { address: '10.0.0.1', trusted: true }
const STRANGER: Peer = { address: '192.0.2.9', trusted: false }

const fields = (headers: Record<string, string>): HeaderFields => new HeaderFields(Object.entries(headers).flat())

describe('the client behind proxies', () => {
  // Everything that begins with 10. is ours; what has a letter is no address.
  const port = {
    parse: (text: string) => (/^[\d.]+$/.test(text) ? text : undefined),
    trusts: (address: string) => address.startsWith('10.'),
  }

  test.each<[string, Peer, string[], string]>([
    ['a peer that is not trusted is the client, whatever it forwards', STRANGER, ['198.51.100.1'], '192.0.2.9'],
    ['a trusted peer names it', PROXY, ['198.51.100.1'], '198.51.100.1'],
    ['only the last is what our proxy wrote', PROXY, ['203.0.113.66', '198.51.100.1'], '198.51.100.1'],
    ['proxies of ours are passed over', PROXY, ['203.0.113.66', '198.51.100.1', '10.0.0.2'], '198.51.100.1'],
    ['an address that is no more than claimed', PROXY, ['10.0.0.3', '198.51.100.1'], '198.51.100.1'],
    ['all of them ours: the first', PROXY, ['10.0.0.3', '10.0.0.2'], '10.0.0.3'],
    ['a malformed entry ends the walk at who wrote it', PROXY, ['198.51.100.1', 'unknown', '10.0.0.2'], '10.0.0.2'],
    ['nothing forwarded: the proxy itself', PROXY, [], '10.0.0.1'],
  ])('%s', (_what, peer, forwardedFor, client) => {
    expect(findClientAddress(peer, forwardedFor, port)).toBe(client)
  })
})

describe('the host that was asked for', () => {
  const headers = fields({ host: 'backend:8000', 'x-forwarded-host': 'evil.example, app.example' })

  test('is the last X-Forwarded-Host of a trusted proxy, which is its own', () => {
    expect(requestedHost(headers, PROXY)).toEqual({ header: 'X-Forwarded-Host', value: 'app.example' })
  })

  test('is Host otherwise', () => {
    expect(requestedHost(headers, STRANGER)).toEqual({ header: 'Host', value: 'backend:8000' })
    expect(requestedHost(fields({ host: 'a' }), PROXY)).toEqual({ header: 'Host', value: 'a' })
  })

  test.each<[string, Peer, Record<string, string>, boolean]>([
    ['https://app.example', PROXY, { host: 'backend', 'x-forwarded-host': 'app.example' }, true],
    ['https://app.example:8443', PROXY, { host: 'backend', 'x-forwarded-host': 'app.example:8443' }, true],
    ['https://app.example', PROXY, { host: 'backend', 'x-forwarded-host': 'app.example:8443' }, false],
    ['https://backend', PROXY, { host: 'backend', 'x-forwarded-host': 'app.example' }, false],
    ['https://app.example', STRANGER, { host: 'backend', 'x-forwarded-host': 'app.example' }, false],
    // nginx: `proxy_set_header Host $host` drops the port.
    ['http://app.example:8080', PROXY, { host: 'app.example' }, true],
    ['http://app.example:8080', STRANGER, { host: 'app.example' }, false],
    ['http://app.example:8080', PROXY, { host: 'app.example:80' }, false],
    ['http://other.example:8080', PROXY, { host: 'app.example' }, false],
    ['null', PROXY, { host: 'app.example' }, false],
  ])('Origin %s, from %j with %j, is our own: %j', (origin, peer, headers, own) => {
    expect(isOwnOrigin(origin, fields(headers), peer)).toBe(own)
    expect(checkOrigin(fields({ ...headers, origin }), 'same-origin', peer) === undefined).toBe(own)
  })
})

describe('the refusal of an Origin behind a proxy', () => {
  const forwarded = { host: 'backend', origin: 'https://app.example', 'x-forwarded-for': '198.51.100.1' }

  test('names the proxy that is not trusted, and the fix', () => {
    expect(checkOrigin(fields(forwarded), 'same-origin', STRANGER)?.message).toMatch(
      /X-Forwarded.*192\.0\.2\.9.*trustedProxies \(--trusted-proxy 192\.0\.2\.9\)/,
    )
    expect(checkOrigin(fields(forwarded), 'same-origin')?.message).toContain('--trusted-proxy ADDRESS')
  })

  test('does not when it is trusted, or when nothing was forwarded', () => {
    const trusted = checkOrigin(fields({ ...forwarded, 'x-forwarded-host': 'b.example' }), 'same-origin', PROXY)
    expect(trusted?.message).toContain('does not match X-Forwarded-Host "b.example"')
    expect(trusted?.message).not.toContain('--trusted-proxy')
    const direct = checkOrigin(fields({ host: 'a', origin: 'https://b' }), 'same-origin', STRANGER)
    expect(direct?.message).not.toContain('--trusted-proxy')
  })
})

describe('a request without Origin', () => {
  test.each([
    [undefined, true],
    ['none', true],
    ['same-origin', true],
    ['same-site', false],
    ['cross-site', false],
    ['Cross-Site', false],
  ])('with Sec-Fetch-Site %s is let in: %j', (site, allowed) => {
    const headers = fields({ host: 'a', ...(site === undefined ? {} : { 'sec-fetch-site': site }) })
    expect(checkOrigin(headers, 'same-origin') === undefined).toBe(allowed)
    expect(checkOrigin(headers, ['https://b']) === undefined).toBe(allowed)
    expect(checkOrigin(headers, 'any')).toBeUndefined()
  })

  test('is told what to do', () => {
    const refusal = checkOrigin(fields({ host: 'a', 'sec-fetch-site': 'cross-site' }), 'same-origin')
    expect(refusal?.rule).toBe('fetch-site')
    expect(refusal?.message).toMatch(/Sec-Fetch-Site "cross-site".*allowOrigins \(--allow-origin\)/)
  })
})
