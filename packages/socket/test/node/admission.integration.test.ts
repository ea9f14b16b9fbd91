import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admission, type AdmissionOptions, refuse, WebSocketServer } from '@wigwag/socket'
import { ManualClock } from '@wigwag/socket/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { attachServer, openServer } from './support/open-server.ts'
import { RawPeer, type RequestFields, upgradeRequest } from './support/raw-peer.ts'

/** The test is the proxy: it says who the client is. */
const BEHIND_PROXY: AdmissionOptions = { trustedProxies: ['loopback'] }
const from = (address: string): RequestFields => ({ 'X-Forwarded-For': address })

async function ask(port: number, fields: RequestFields = {}, host = '127.0.0.1'): Promise<RawPeer> {
  const peer = await RawPeer.connect(port, { host })
  peer.write(upgradeRequest(fields))
  await peer.until(() => peer.ended || peer.status === 101)
  return peer
}

const statusOf = async (port: number, fields?: RequestFields): Promise<number> => (await ask(port, fields)).status

async function untilConnections(admission: Admission, connections: number): Promise<void> {
  while (admission.stats.connections !== connections) await new Promise((resolve) => setImmediate(resolve))
}

describe('remoteAddress is the client’s', () => {
  const addressSeen = async (options: AdmissionOptions, fields: RequestFields, host?: string): Promise<string> => {
    let seen = ''
    let ofSocket = ''
    const { port } = await openServer(
      {
        ...options,
        authorize: ({ remoteAddress }) => {
          seen = remoteAddress
          return undefined
        },
        open: ({ remoteAddress }) => {
          ofSocket = remoteAddress
        },
      },
      host,
    )
    expect((await ask(port, fields)).status).toBe(101)
    expect(ofSocket).toBe(seen)
    return seen
  }

  test('behind a trusted proxy what that says of it, walking past proxies of ours', async () => {
    const options = { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] }
    expect(await addressSeen(options, from('203.0.113.66, 198.51.100.1:5050, 10.1.2.3'))).toBe('198.51.100.1')
    expect(await addressSeen(options, { 'X-Forwarded-For': ['203.0.113.66', '[2001:DB8::1]:443'] })).toBe('2001:db8::1')
    expect(await addressSeen(options, from('198.51.100.1, unknown'))).toBe('127.0.0.1')
    expect(await addressSeen(options, {})).toBe('127.0.0.1')
  })

  test('from anybody else the peer’s own', async () => {
    expect(await addressSeen({}, from('198.51.100.1'))).toBe('127.0.0.1')
    expect(await addressSeen({ trustedProxies: ['10.0.0.0/8'] }, from('198.51.100.1'))).toBe('127.0.0.1')
  })

  test('IPv4 in one spelling, also where the server listens on IPv6', async () => {
    expect(await addressSeen({}, {}, '::')).toBe('127.0.0.1')
    expect(await addressSeen({ trustedProxies: ['127.0.0.1'] }, from('198.51.100.1'), '::')).toBe('198.51.100.1')
  })

  test('a proxy on a Unix socket belongs to loopback', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const seen: string[] = []
    const server = new WebSocketServer({
      ...BEHIND_PROXY,
      authorize: ({ remoteAddress }) => {
        seen.push(remoteAddress)
        return refuse(401, 'seen')
      },
    })
    onTestFinished(() => server.close())
    const path = join(folder, 'socket')
    await server.listen({ path })
    const peer = new RawPeer(connect(path))
    peer.write(upgradeRequest(from('198.51.100.1')))
    await peer.until(() => peer.ended)
    expect(seen).toEqual(['198.51.100.1'])
  })
})

describe('behind a trusted proxy the origin is compared with what the client asked for', () => {
  const forwarded = { Host: 'localhost:1', 'X-Forwarded-Host': 'app.example', Origin: 'https://app.example' }

  test('X-Forwarded-Host counts from it, and from nobody else', async () => {
    const trusting = await openServer(BEHIND_PROXY)
    expect(await statusOf(trusting.port, forwarded)).toBe(101)
    const { port } = await openServer()
    const refused = await ask(port, forwarded)
    expect(refused.status).toBe(403)
    expect(refused.body).toContain('trustedProxies (--trusted-proxy 127.0.0.1)')
  })

  test('a Host without port, as nginx’s $host, matches any port', async () => {
    const fields = { Host: 'localhost', Origin: 'http://localhost:8080' }
    expect(await statusOf((await openServer(BEHIND_PROXY)).port, fields)).toBe(101)
    expect(await statusOf((await openServer()).port, fields)).toBe(403)
  })

  test('the Host policy looks at the real Host', async () => {
    const { port } = await openServer(BEHIND_PROXY)
    expect(await statusOf(port, { Host: 'rebound.example', 'X-Forwarded-Host': 'localhost' })).toBe(403)
  })
})

test('a page of another site that does not name its origin is refused', async () => {
  const { port } = await openServer()
  expect(await statusOf(port, { 'Sec-Fetch-Site': 'cross-site' })).toBe(403)
  expect(await statusOf(port, { 'Sec-Fetch-Site': 'none' })).toBe(101)
  expect(await statusOf(port, { Origin: 'null' })).toBe(403)
  expect(await statusOf((await openServer({ allowOrigins: ['null'] })).port, { Origin: 'null' })).toBe(101)
})

describe('requests per second of an address', () => {
  const addressLimits = { maxRequestsPerSecond: 2, maxBurst: 3 }

  test('above them 429, which says for how long and how to allow more; then it goes on', async () => {
    const clock = new ManualClock()
    const admission = new Admission({ ...BEHIND_PROXY, addressLimits }, () => clock.nowMs)
    const { port, server } = await openServer({ admission })
    for (let i = 0; i < 3; i++) expect(await statusOf(port, from('198.51.100.1'))).toBe(101)
    const refused = await ask(port, from('198.51.100.1'))
    expect(refused.status).toBe(429)
    expect(refused.header('retry-after')).toBe('1')
    expect(refused.body).toMatch(
      /198\.51\.100\.1.*2 per second.*burst of 3.*addressLimits\.maxRequestsPerSecond \(--max-address-requests\)/,
    )
    expect(refused.body).not.toContain('--trusted-proxy')
    expect(await statusOf(port, from('198.51.100.2'))).toBe(101)
    clock.advance(500)
    expect(await statusOf(port, from('198.51.100.1'))).toBe(101)
    expect(admission.stats.refused).toBe(1)
    expect(server.stats).toMatchObject({ accepted: 5, refused: 1 })
  })

  test('count before the handshake is judged, and before authorize is asked', async () => {
    const asked: string[] = []
    const authorize = ({ path }: { path: string }): undefined => void asked.push(path)
    const { port } = await openServer({ addressLimits: { ...addressLimits, exempt: [] }, authorize })
    const malformed = { 'Sec-WebSocket-Version': '8' }
    expect([await statusOf(port, malformed), await statusOf(port, malformed), await statusOf(port)]).toEqual([
      426, 426, 101,
    ])
    expect([await statusOf(port, malformed), await statusOf(port)]).toEqual([429, 429])
    expect(asked).toHaveLength(1)
  })

  test('who hides behind a proxy that is not trusted is one client, and the answer says so', async () => {
    const { port } = await openServer({ addressLimits: { ...addressLimits, maxBurst: 1, exempt: [] } })
    expect(await statusOf(port, from('198.51.100.1'))).toBe(101)
    const refused = await ask(port, from('198.51.100.2'))
    expect(refused.status).toBe(429)
    expect(refused.body).toContain('trustedProxies (--trusted-proxy 127.0.0.1)')
  })

  test('IPv6 addresses count by their /64', async () => {
    const { port } = await openServer({ ...BEHIND_PROXY, addressLimits: { ...addressLimits, maxBurst: 1 } })
    expect(await statusOf(port, from('2001:db8:0:1::1'))).toBe(101)
    const refused = await ask(port, from('2001:db8:0:1:ffff::2'))
    expect(refused.status).toBe(429)
    expect(refused.body).toContain('2001:db8:0:1::/64')
    expect(await statusOf(port, from('2001:db8:0:2::1'))).toBe(101)
  })

  test('loopback is exempt unless told otherwise, and "any" exempts all', async () => {
    const limits = { ...addressLimits, maxBurst: 1 }
    const some = await openServer({ ...BEHIND_PROXY, addressLimits: limits })
    expect([await statusOf(some.port), await statusOf(some.port)]).toEqual([101, 101])
    const any = await openServer({ ...BEHIND_PROXY, addressLimits: { ...limits, exempt: 'any' } })
    for (let i = 0; i < 3; i++) expect(await statusOf(any.port, from('198.51.100.1'))).toBe(101)
    const subnet = await openServer({ ...BEHIND_PROXY, addressLimits: { ...limits, exempt: ['198.51.100.0/24'] } })
    for (let i = 0; i < 3; i++) expect(await statusOf(subnet.port, from('198.51.100.1'))).toBe(101)
    expect([await statusOf(subnet.port), await statusOf(subnet.port)]).toEqual([101, 429])
  })
})

describe('connections', () => {
  test('of an address: above them 429, and one that closes makes room', async () => {
    const admission = new Admission({ ...BEHIND_PROXY, addressLimits: { maxConnections: 2 } })
    const { port } = await openServer({ admission })
    const [first] = [await ask(port, from('198.51.100.1')), await ask(port, from('198.51.100.1'))]
    const refused = await ask(port, from('198.51.100.1'))
    expect(refused.status).toBe(429)
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0)
    expect(refused.body).toMatch(
      /198\.51\.100\.1: 2 are open.*addressLimits\.maxConnections \(--max-address-connections\)/,
    )
    expect(await statusOf(port, from('198.51.100.2'))).toBe(101)
    first?.reset()
    await untilConnections(admission, 2)
    expect(await statusOf(port, from('198.51.100.1'))).toBe(101)
  })

  test('in total: above them 503, whoever asks', async () => {
    const { port } = await openServer({ maxConnections: 2 })
    expect([await statusOf(port), await statusOf(port)]).toEqual([101, 101])
    const refused = await ask(port)
    expect(refused.status).toBe(503)
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0)
    expect(refused.body).toMatch(/2 connections are open.*maxConnections \(--max-connections\)/)
  })

  test('that wait for authorize count, and refused ones do not stay', async () => {
    // As slow a rate as there is: whoever has its whole burst back would be forgotten.
    const admission = new Admission({ addressLimits: { maxConnections: 1, maxRequestsPerSecond: 1, exempt: [] } })
    let decide = (_refused: ReturnType<typeof refuse>): void => {}
    const { port } = await openServer({
      admission,
      authorize: () => new Promise((resolve) => (decide = resolve)),
    })
    const waiting = await RawPeer.connect(port)
    waiting.write(upgradeRequest())
    await untilConnections(admission, 1)
    expect(await statusOf(port)).toBe(429)
    decide(refuse(401, 'no'))
    await waiting.until(() => waiting.ended)
    waiting.reset()
    await untilConnections(admission, 0)
    expect(admission.stats).toMatchObject({ connections: 0, refused: 1 })
  })

  test('are counted together by servers that share an admission', async () => {
    const admission = new Admission({ maxConnections: 1 })
    const one = await openServer({ admission })
    const other = await attachServer({ admission })
    expect(await statusOf(one.port)).toBe(101)
    expect(await statusOf(other.port)).toBe(503)
  })
})

test.each([
  [{ maxConnections: 0 }, 'maxConnections'],
  [{ addressLimits: { maxConnections: 0 } }, 'addressLimits.maxConnections'],
  [{ addressLimits: { maxRequestsPerSecond: 0.5 } }, 'addressLimits.maxRequestsPerSecond'],
  [{ addressLimits: { maxBurst: -1 } }, 'addressLimits.maxBurst'],
  [{ addressLimits: { maxAddresses: Number.NaN } }, 'addressLimits.maxAddresses'],
  [{ addressLimits: { exempt: ['nobody'] } }, 'addressLimits.exempt has "nobody"'],
  [{ trustedProxies: ['10.0.0.0/99'] }, 'trustedProxies has "10.0.0.0/99"'],
  [{ trustedProxies: 'loopback' as never }, 'trustedProxies must be a list'],
  [{ admission: new Admission(), maxConnections: 1 }, 'maxConnections belongs to the admission'],
])('%j is an ERR_OPTION that says %s', (options, message) => {
  const make = (): unknown => new WebSocketServer(options)
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  expect(make).toThrow(message)
})
