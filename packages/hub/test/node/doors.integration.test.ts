import type { ChannelEndpointOptions } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-http.ts'
import { serveChannels } from '../support/served-channels.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

/** The ways to ask for a channel, as heads without Host. They must find the same doors. */
const WAYS: Record<string, readonly string[]> = {
  'a WebSocket': ['GET /channel/a HTTP/1.1', ...UPGRADE_HEAD],
  'an event stream': ['GET /channel/a HTTP/1.1', 'Accept: text/event-stream'],
  'a publication': ['POST /channel/a HTTP/1.1', 'Content-Length: 0'],
}
const OPEN: Record<string, number> = { 'a WebSocket': 101, 'an event stream': 200, 'a publication': 200 }

const APP = 'https://app.example'
const PROXY: ChannelEndpointOptions = { trustedProxies: ['loopback'] }
const FORWARDED = ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-Host: app.example']

interface Door {
  readonly rule: string
  readonly options?: ChannelEndpointOptions
  readonly host?: string
  readonly fields?: readonly string[]
  /** How often it is asked before. */
  readonly before?: number
  /** Nothing for an open door. */
  readonly status?: number
  /** What the answer must say: the rule, and how to allow it. */
  readonly says?: readonly string[]
}

const DOORS: readonly Door[] = [
  { rule: 'a program' },
  { rule: 'a page of our own', fields: ['Origin: http://localhost', 'Sec-Fetch-Site: same-origin'] },
  { rule: 'an address typed by a user', fields: ['Sec-Fetch-Site: none'] },
  {
    rule: 'a foreign Host (DNS rebinding)',
    host: 'rebound.example',
    status: 403,
    says: ['Host "rebound.example"', 'allowHosts (--allow-host)'],
  },
  { rule: 'a Host that is allowed', host: 'push.example', options: { allowHosts: ['push.example'] } },
  {
    rule: 'a page of another origin',
    fields: [`Origin: ${APP}`],
    status: 403,
    says: [`Origin "${APP}"`, 'Host "localhost"', 'allowOrigins (--allow-origin)'],
  },
  { rule: 'a page of an origin that is allowed', fields: [`Origin: ${APP}`], options: { allowOrigins: [APP] } },
  {
    rule: 'a sandboxed page',
    fields: ['Origin: null'],
    options: { allowOrigins: [APP] },
    status: 403,
    says: ['Origin "null"', `none of ${APP}`, 'allowOrigins (--allow-origin)'],
  },
  { rule: 'a sandboxed page, where they are allowed', fields: ['Origin: null'], options: { allowOrigins: ['null'] } },
  { rule: 'any page, where any is allowed', fields: ['Origin: null'], options: { allowOrigins: 'any' } },
  ...['cross-site', 'same-site'].map((site) => ({
    rule: `a ${site} page that does not name its origin`,
    fields: [`Sec-Fetch-Site: ${site}`],
    options: { allowOrigins: [APP] },
    status: 403,
    says: [`Sec-Fetch-Site "${site}" without Origin`, 'allowOrigins (--allow-origin)'],
  })),
  {
    rule: 'such a page, where any is allowed',
    fields: ['Sec-Fetch-Site: cross-site'],
    options: { allowOrigins: 'any' },
  },
  {
    rule: 'a page behind a proxy that is not trusted',
    fields: [`Origin: ${APP}`, ...FORWARDED],
    status: 403,
    says: [`Origin "${APP}"`, 'X-Forwarded', 'trustedProxies (--trusted-proxy 127.0.0.1)'],
  },
  { rule: 'a page behind a trusted proxy', fields: [`Origin: ${APP}`, ...FORWARDED], options: PROXY },
  {
    rule: 'a foreign Host from a trusted proxy',
    host: 'rebound.example',
    fields: ['X-Forwarded-Host: localhost'],
    options: PROXY,
    status: 403,
    says: ['Host "rebound.example"', 'allowHosts (--allow-host)'],
  },
  {
    rule: 'more requests than an address may send',
    fields: FORWARDED,
    options: { ...PROXY, addressLimits: { maxRequestsPerSecond: 1, maxBurst: 1 } },
    before: 1,
    status: 429,
    says: ['Too many requests from 198.51.100.1', 'addressLimits.maxRequestsPerSecond (--max-address-requests)'],
  },
  {
    rule: 'more connections than an address may have',
    fields: FORWARDED,
    options: { ...PROXY, addressLimits: { maxConnections: 1 } },
    before: 1,
    status: 429,
    says: ['Too many connections from 198.51.100.1', 'addressLimits.maxConnections (--max-address-connections)'],
  },
  {
    rule: 'more connections than the server takes',
    options: { maxConnections: 1 },
    before: 1,
    status: 503,
    says: ['The server is full', 'maxConnections (--max-connections)'],
  },
]

const CASES = DOORS.flatMap((door) => Object.keys(WAYS).map((way) => ({ ...door, way })))

describe('every door, for every way to ask', () => {
  test.each(CASES)(
    '$rule: $way',
    async ({ way, options, host = 'localhost', fields = [], before = 0, status, says = [] }) => {
      const asked: string[] = []
      const { port } = await serveChannels({
        ...options,
        authorize: ({ action }) => {
          asked.push(action)
          return true
        },
      })
      const ask = async (lines: readonly string[]): Promise<string> => {
        const raw = await connectRaw(port)
        raw.write(lines[0] as string, `Host: ${host}`, ...lines.slice(1), ...fields)
        // Of an answer that says why, all of it.
        return raw.until(/^HTTP\/1\.1 (101|2)[\s\S]*\r\n\r\n|\r\n\r\n[\s\S]*\n$/)
      }
      // An event stream stays, and holds its place.
      for (let i = 0; i < before; i++) await ask(WAYS['an event stream'] as readonly string[])
      asked.length = 0
      const answer = await ask(WAYS[way] as readonly string[])
      expect(answer.slice(9, 12)).toBe(String(status ?? OPEN[way]))
      if (status === undefined) return
      expect(answer).toMatch(/content-type: text\/plain; charset=utf-8/i)
      for (const words of says) expect(answer).toContain(words)
      if (status !== 403) expect(answer).toMatch(/retry-after: [1-9]/i)
      expect(asked).toEqual([])
    },
  )
})

test('WebSockets, event streams and requests of an address count together, and give their places back', async () => {
  const { port, endpoint } = await serveChannels({ addressLimits: { maxConnections: 2, exempt: [] } })
  const open = async (way: string) => {
    const raw = await connectRaw(port)
    const [line = '', ...fields] = WAYS[way] as readonly string[]
    raw.write(line, 'Host: localhost', ...fields)
    await raw.until(/\r\n\r\n/)
    return raw
  }
  const socket = await open('a WebSocket')
  const stream = await open('an event stream')
  expect((await open('a publication')).text()).toContain('429 ')
  expect(endpoint.stats.admission).toMatchObject({ connections: 2, refused: 1 })
  stream.socket.destroy()
  while (endpoint.stats.admission.connections > 1) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 5; i++) expect((await open('a publication')).text()).toContain('200 OK')
  socket.socket.resetAndDestroy()
  while (endpoint.stats.admission.connections > 0) await new Promise((resolve) => setImmediate(resolve))
})

test('requests that wait behind an event stream on their connection leave nothing behind', async () => {
  const warnings: unknown[] = []
  const warn = (warning: unknown): void => void warnings.push(warning)
  process.on('warning', warn)
  const { port, endpoint, hub } = await serveChannels()
  const raw = await connectRaw(port)
  for (let i = 0; i < 15; i++) raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
  while (endpoint.stats.admission.connections < 15) await new Promise((resolve) => setImmediate(resolve))
  raw.socket.destroy()
  while (endpoint.stats.admission.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  expect(hub.stats.subscriptions).toBe(0)
  expect(endpoint.stats.sse.open).toBe(0)
  process.off('warning', warn)
  expect(warnings).toEqual([])
})

test('authorize is told the client’s address', async () => {
  const seen: string[] = []
  const { port } = await serveChannels({
    ...PROXY,
    authorize: ({ action, remoteAddress }) => {
      seen.push(`${action} ${remoteAddress}`)
      return true
    },
  })
  for (const way of Object.values(WAYS)) {
    const raw = await connectRaw(port)
    raw.write(way[0] as string, 'Host: localhost', 'X-Forwarded-For: 203.0.113.66, 2001:DB8::1', ...way.slice(1))
    await raw.until(/\r\n\r\n/)
  }
  const client = '2001:db8::1'
  expect(seen).toEqual([`subscribe ${client}`, `publish ${client}`, `subscribe ${client}`, `publish ${client}`])
})
