import { MemoryTicketStore } from '@wigwag/hub'
import { Tickets } from '@wigwag/hub/node'
import { expect, test } from 'vitest'
import { openLines } from '../support/line-stream.ts'
import { openEvents, openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'

const SHORTLY_MS = 300

test('whoever subscribed ends with the credentials, in the words of each transport, and may come back with newer ones', async () => {
  const { url, hub, endpoint } = await serveChannels({
    authenticate: ({ header }) =>
      header?.('authorization') === 'for ever' ? { user: 'ann' } : { user: 'ann', expiresAt: Date.now() + SHORTLY_MS },
  })
  const events = await openEvents(url('/channel/a'))
  const lines = await openLines(url('/channel/a'))
  const bare = await openSocket(url('/channel/a'))
  const v1 = await openSocket(url('/channel/a'), { subprotocols: ['wigwag.publication.v1'] })
  const poll = fetch(url('/channel/a?wait=30'))
  const lasting = await openEvents(url('/channel/a'), { authorization: 'for ever' })
  await untilSubscribed(hub, 6)
  const [closed, closedV1, polled] = await Promise.all([bare.closed, v1.closed, poll, events.ended, lines.ended])
  const failure = { code: 'ERR_CREDENTIALS_EXPIRED', message: expect.stringContaining('expired') }
  expect(events.events.map(({ type, data }) => [type, JSON.parse(data)])).toEqual([['failure', failure]])
  expect(await lines.next('failure')).toEqual({ failure })
  for (const { code, reason } of [closed, closedV1]) expect([code, reason]).toEqual([3005, 'credentials expired'])
  expect([polled.status, polled.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect(hub.stats.subscriptions).toBe(1)
  expect(endpoint.stats.poll.waiting).toBe(0)
  await hub.publish('a', 'to who is left')
  expect((await lasting.next()).data).toBe('to who is left')
  expect([...events.events, ...lines.lines].some((each) => each.data === 'to who is left')).toBe(false)
})

test('a subscription token that ends first ends the subscription, and a ticket is good as long as what it stands for', async () => {
  const tickets = new Tickets({ store: new MemoryTicketStore(() => performance.now()) })
  const { url, hub } = await serveChannels({
    tickets,
    authenticate: () => ({ user: 'ann' }),
    namespaces: { '': { subscribe: () => ({ expiresAt: Date.now() + SHORTLY_MS }) }, all: { subscribe: 'anyone' } },
  })
  const byNamespace = await openLines(url('/channel/a'))
  const ticket = await tickets.issue({ user: 'bob', expiresAt: Date.now() + SHORTLY_MS })
  const byTicket = await openLines(url(`/channel/all:a?ticket=${ticket}`))
  await untilSubscribed(hub, 2)
  for (const lines of [byNamespace, byTicket]) {
    await lines.ended
    expect((await lines.next('failure')).failure?.code).toBe('ERR_CREDENTIALS_EXPIRED')
  }
})

test('authorize may say until when; a socket publishes until then, and what has ended already is refused', async () => {
  let subscribeUntil = Date.now() + 60_000
  const { url, hub } = await serveChannels({
    authorize: ({ action }) => ({ expiresAt: action === 'publish' ? Date.now() + SHORTLY_MS : subscribeUntil }),
  })
  const socket = await openSocket(url('/channel/a'))
  socket.socket.send('in time')
  expect(await socket.next()).toBe('in time')
  await new Promise((resolve) => setTimeout(resolve, SHORTLY_MS))
  socket.socket.send('too late')
  expect(await socket.closed).toMatchObject({ code: 3005 })
  expect((await hub.history('a', 'latest')).publications.map(({ data }) => data)).toEqual(['in time'])
  subscribeUntil = Date.now() - 1
  for (const accept of ['text/event-stream', 'application/x-ndjson', '*/*']) {
    expect((await fetch(url('/channel/a'), { headers: { accept } })).status).toBe(401)
  }
  await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 401 })
})
