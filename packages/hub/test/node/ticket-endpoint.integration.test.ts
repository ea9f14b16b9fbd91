import { HubError, type HubOptions } from '@wigwag/hub'
import { jwt } from '@wigwag/hub/jwt'
import { Tickets } from '@wigwag/hub/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openSocket, serveChannels } from '../support/served-channels.ts'
import { serveSessions } from '../support/served-sessions.ts'
import { SECRET, signToken } from '../support/tokens.ts'

const namespaces = {
  own: { subscribe: ({ user, channel }) => channel.rest === user, publish: 'user' },
} satisfies HubOptions['namespaces']
const PATH = '/connection/websocket'

/** Asks for a ticket. */
async function askTicket(
  { url }: { url(path: string): string },
  headers: Record<string, string> = {},
): Promise<{ status: number; ticket: string; expiresAt: number; headers: Headers }> {
  const response = await fetch(url('/ticket'), { method: 'POST', headers })
  const text = await response.text()
  const answer = response.ok
    ? (JSON.parse(text) as { ticket: string; expiresAt: number })
    : { ticket: '', expiresAt: 0 }
  return { ...answer, status: response.status, headers: response.headers }
}

test('a ticket for a token in a header opens a session, a socket and a poll, each once', async () => {
  const served = await serveSessions({ tickets: new Tickets(), authenticate: jwt({ secret: SECRET }), namespaces })
  const headers = { authorization: `Bearer ${await signToken({ sub: 'ann' })}` }
  const next = async (): Promise<string> => (await askTicket(served, headers)).ticket
  const { ticket, expiresAt, headers: answered } = await askTicket(served, headers)
  expect(expiresAt - Date.now()).toBeGreaterThan(20_000)
  expect(expiresAt - Date.now()).toBeLessThanOrEqual(30_000)
  expect(answered.get('cache-control')).toBe('no-store')
  expect((await fetch(served.url(`/channel/own:ann?ticket=${ticket}`))).status).not.toBe(401)
  expect((await fetch(served.url(`/channel/own:ann?ticket=${ticket}`))).status).toBe(401)
  expect((await fetch(served.url(`/channel/own:bob?ticket=${await next()}`))).status).toBe(403)
  await openSocket(served.url(`/channel/own:ann?ticket=${await next()}`))
  const session = await openSocket(served.url(`${PATH}?ticket=${await next()}`))
  session.socket.send('{"id":1,"connect":{}}')
  expect(await session.next()).toContain('"connect":{"client"')
  expect(served.hub.sessions.ofUser('ann')).toHaveLength(1)
})

test('a ticket for a cookie', async () => {
  const served = await serveChannels({
    tickets: new Tickets(),
    authenticate: ({ header }) => ({ user: /user=(\w+)/.exec(header?.('cookie') ?? '')?.[1] ?? '' }),
    namespaces,
  })
  const { ticket } = await askTicket(served, { cookie: 'user=ann' })
  const publish = await fetch(served.url(`/channel/own:ann?ticket=${ticket}`), { method: 'POST', body: 'x' })
  expect(publish.status).toBe(200)
})

test('a session whose ticket is no good is nobody, not somebody without a token, and does not come back', async () => {
  const served = await serveSessions({ tickets: new Tickets(), authenticate: () => ({ user: 'anybody' }), namespaces })
  const { ticket } = await askTicket(served)
  for (const code of [undefined, 3500, 3500]) {
    const { socket, closed, next } = await openSocket(served.url(`${PATH}?ticket=${ticket}`))
    socket.send('{"id":1,"connect":{}}')
    if (code === undefined) expect(await next()).toContain('"connect":{"client"')
    else expect((await closed).code).toBe(code)
  }
  expect((await fetch(served.url(`/channel/own:anybody?ticket=${ticket}`))).status).toBe(401)
})

describe('who is not let in', () => {
  test('gets none', async () => {
    const served = await serveChannels({ tickets: new Tickets(), authenticate: jwt({ secret: SECRET }), namespaces })
    expect((await askTicket(served)).status).toBe(401)
    expect((await askTicket(served, { authorization: 'Bearer x.y.z' })).status).toBe(403)
    const expired = await signToken({ sub: 'ann', exp: 1 })
    expect((await askTicket(served, { authorization: `Bearer ${expired}` })).status).toBe(401)
  })

  test('a page of another origin neither', async () => {
    const served = await serveChannels({
      tickets: new Tickets(),
      authenticate: () => ({ user: 'ann' }),
      allowOrigins: ['https://app.example'],
    })
    expect((await askTicket(served, { origin: 'https://evil.example' })).status).toBe(403)
    const allowed = await askTicket(served, { origin: 'https://app.example' })
    expect(allowed.status).toBe(200)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    const preflight = await fetch(served.url('/ticket'), {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('authorization'),
    ])
  })

  test('whoever decides and hangs is waited for no longer than authorizeTimeoutMs', async () => {
    const served = await serveChannels({
      tickets: new Tickets(),
      authenticate: () => new Promise<never>(() => {}),
      authorizeTimeoutMs: 50,
    })
    expect((await askTicket(served)).status).toBe(503)
  })
})

test('other methods are 405', async () => {
  const { url } = await serveChannels({ tickets: new Tickets(), authenticate: () => ({ user: 'ann' }) })
  const get = await fetch(url('/ticket'))
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  expect((await fetch(url('/ticket'), { method: 'OPTIONS' })).status).toBe(204)
})

test('a ticket is worth no more than what it stands for', async () => {
  const served = await serveChannels({
    tickets: new Tickets({ ticketTtlMs: 60_000 }),
    authenticate: () => ({ user: 'ann', expiresAt: Date.now() + 300 }),
    namespaces,
  })
  const { ticket, expiresAt } = await askTicket(served)
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + 300)
  vi.useFakeTimers({ toFake: ['Date'], now: expiresAt + 1 })
  onTestFinished(() => void vi.useRealTimers())
  expect((await fetch(served.url(`/channel/own:ann?ticket=${ticket}`))).status).toBe(401)
})

test('with as many tickets out as there may be, and while their store is away: 503, and not where it is', async () => {
  for (const error of [
    new HubError('ERR_TICKET_LIMIT', '5 tickets wait for use; raise maxTickets.'),
    new HubError('ERR_TICKETS_UNAVAILABLE', 'Redis at 10.1.2.3:6379 cannot be used.'),
  ]) {
    const refuseAll = (): Promise<never> => Promise.reject(error)
    const served = await serveChannels({
      tickets: new Tickets({ store: { put: refuseAll, take: refuseAll } }),
      authenticate: () => ({ user: 'ann' }),
    })
    const response = await fetch(served.url('/ticket'), { method: 'POST' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await response.text()).not.toMatch(/10\.1\.2\.3|maxTickets/)
    const status = await openSocket(served.url(`${PATH}?ticket=${'A'.repeat(43)}`)).then(
      () => 101,
      (refused: { status: number }) => refused.status,
    )
    expect(status).toBe(503)
  }
})

test('without authenticate, or without tickets, the path is the application’s', async () => {
  for (const options of [{ tickets: new Tickets() }, { authenticate: () => ({ user: 'ann' }) }]) {
    const { url, server } = await serveChannels(options)
    server.on('request', (_incoming, response) => response.end('mine'))
    expect(await (await fetch(url('/ticket'), { method: 'POST' })).text()).toBe('mine')
  }
})
