import { Tickets } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'
import { askPoll, openPolling } from '../support/session-polls.ts'
import { sendTo } from '../support/session-streams.ts'

const CONNECT = '{"id":1,"connect":{}}'
const subscribe = (channel: string): string => JSON.stringify({ id: 2, subscribe: { channel } })

describe('a session that is polled', () => {
  test('is connected by its first poll, told the rest at /emulation, and hears what there is with the next ones', async () => {
    const { hub, origin } = await serveChannels()
    const polling = await openPolling(origin)
    expect([...hub.sessions].map(({ transport }) => transport)).toEqual(['long_poll'])
    expect(polling.packets).toMatchObject([{ id: 1, connect: { node: hub.sessions.hub, ping: 25 } }])
    expect(polling.packets[0]).not.toHaveProperty('connect.pong')
    await sendTo(origin, polling.address, subscribe('a'))
    await polling.until((packets) => packets.length === 2)
    const waiting = polling.poll()
    await hub.publish('a', 1)
    await waiting
    await hub.publish('a', 2)
    await hub.publish('a', 3)
    await polling.poll()
    expect(polling.packets.slice(1)).toMatchObject([
      { id: 2, subscribe: {} },
      ...[1, 2, 3].map((data) => ({ push: { channel: 'a', pub: { data } } })),
    ])
    expect(polling.last).toBe(5)
  })

  test('an answer that was lost comes again, with what has come meanwhile; nothing comes twice', async () => {
    const { hub, origin } = await serveChannels()
    const polling = await openPolling(origin)
    await sendTo(origin, polling.address, subscribe('a'))
    await polling.until((packets) => packets.length === 2)
    await hub.publish('a', 1)
    const lost = await polling.poll({ lost: true })
    await hub.publish('a', 2)
    const again = await polling.poll()
    expect(again.packets.slice(0, 1)).toEqual(lost.packets)
    expect(again.packets.map(({ push }) => push)).toMatchObject([{ pub: { data: 1 } }, { pub: { data: 2 } }])
    expect((await polling.poll({ wait: 0 })).packets).toEqual([])
  })

  test('is answered with nothing when its time is over, and at once without any', async () => {
    const { origin } = await serveChannels({ maxPollWaitMs: 1000 })
    const polling = await openPolling(origin)
    const { last } = polling
    expect(await polling.poll({ wait: 0 })).toEqual({ status: 200, last, packets: [] })
    expect(await polling.poll()).toEqual({ status: 200, last, packets: [] })
  })

  test('goes on with the newer of two polls; the older is answered with nothing', async () => {
    const { origin } = await serveChannels()
    const polling = await openPolling(origin)
    const { last } = polling
    const older = polling.poll()
    const newer = polling.poll()
    const first = await Promise.race([older, newer])
    expect(first).toEqual({ status: 200, last, packets: [] })
    await sendTo(origin, polling.address, '{"id":7,"ping":{}}')
    expect((await Promise.all([older, newer])).flatMap(({ packets }) => packets)).toEqual([{ id: 7, ping: {} }])
  })

  test('asks from no packet that was not sent, nor from before one that it has acknowledged: 409', async () => {
    const { origin } = await serveChannels()
    const polling = await openPolling(origin)
    expect((await polling.poll({ last: 2 })).status).toBe(409)
    expect((await polling.poll({ wait: 0 })).status).toBe(200)
    expect((await polling.poll({ last: 0 })).status).toBe(409)
  })

  test.each([
    ['no last', {}],
    ['half a packet', { last: 1.5 }],
    ['less than none', { last: -1 }],
    ['text', { last: '1' }],
  ])('with %s is refused: 400', async (_what, fields) => {
    const { origin } = await serveChannels()
    const { address } = await openPolling(origin)
    expect((await askPoll(origin, JSON.stringify({ ...address, ...fields }))).status).toBe(400)
  })

  test('is polled by nobody who does not know its address: 404', async () => {
    const { origin } = await serveChannels()
    const { address } = await openPolling(origin)
    const [name = ''] = address.session.split('.')
    for (const session of [name, `${name}.`, `${name}.${name}`, '']) {
      expect((await askPoll(origin, JSON.stringify({ ...address, session, last: 0 }))).status).toBe(404)
    }
    expect((await askPoll(origin, JSON.stringify({ ...address, node: 'x', last: 0 }))).status).toBe(404)
  })

  test('shows with its polls that it is there: pings need no answer', async () => {
    const { origin, hub } = await serveChannels({ sessions: { pingIntervalMs: 1000, pongTimeoutMs: 500 } })
    const polling = await openPolling(origin)
    await polling.until((packets) => packets.length === 4)
    expect(polling.packets.slice(1)).toEqual([{}, {}, {}])
    expect(hub.sessions.stats.open).toBe(1)
  })

  test('ends when it asks no more, and is then unknown', async () => {
    const { origin, hub } = await serveChannels({ sessionPollGapMs: 500 })
    const polling = await openPolling(origin)
    await hub.sessions.emptied()
    expect((await polling.poll({ wait: 0 })).packets).toMatchObject([])
    expect(polling.last).toBe(1)
  })

  test('ends when its client leaves while it waits, and does not come back', async () => {
    const { origin, hub } = await serveChannels({ sessionPollGapMs: 500 })
    const { address, last } = await openPolling(origin)
    const abort = new AbortController()
    const poll = askPoll(origin, JSON.stringify({ ...address, last }), '', abort.signal)
    abort.abort()
    await expect(poll).rejects.toThrow()
    await hub.sessions.emptied()
  })

  test('is told why it ends, also when the answer that says so was lost', async () => {
    const { origin, hub } = await serveChannels()
    const polling = await openPolling(origin)
    for (const session of hub.sessions) session.disconnect({ code: 4001, reason: 'later', delayMs: 50 })
    const goodbye = [{ push: { disconnect: { code: 4001, reason: 'later', reconnect: true, delay_ms: 50 } } }]
    expect((await polling.poll({ lost: true })).packets).toEqual(goodbye)
    expect((await polling.poll()).packets).toEqual(goodbye)
    expect((await polling.poll()).packets).toEqual([])
  })

  test('a drain waits until it is told, whether it waits or comes for it', async () => {
    const { origin, hub } = await serveChannels()
    const [waiting, away] = [await openPolling(origin), await openPolling(origin)]
    const told = waiting.poll()
    const draining = hub.drain({ overMs: 0, graceMs: 20_000 })
    const goodbye = [{ push: { disconnect: { code: 3001 } } }]
    expect((await told).packets).toMatchObject(goodbye)
    expect((await away.poll()).packets).toMatchObject(goodbye)
    expect((await askPoll(origin, CONNECT)).status).toBe(503)
    await draining
  })

  test('takes no more than its outbox may hold: who does not ask is treated as the namespace says', async () => {
    const dropped: number[] = []
    const { origin, hub } = await serveChannels({
      namespaces: { '': { history: { size: 0 }, slowConsumer: { policy: 'drop-oldest' } } },
      outbox: { highWaterMarkBytes: 1000, maxQueuedPackets: 10 },
      onDropped: (_session, { count }) => dropped.push(count),
    })
    const polling = await openPolling(origin)
    await sendTo(origin, polling.address, subscribe('a'))
    await polling.until((packets) => packets.length === 2)
    await polling.poll({ wait: 0 })
    for (let n = 1; n <= 100; n++) await hub.publish('a', { n, filler: 'x'.repeat(100) })
    await polling.until((packets) => packets.length > 2 && JSON.stringify(packets.at(-1)).includes('"n":100,'))
    const heard = polling.packets.slice(2).map(({ push }) => (push as { pub: { data: { n: number } } }).pub.data.n)
    expect(heard).toEqual([...heard].sort((one, other) => one - other))
    expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(100 - heard.length)
    expect(heard.length).toBeLessThan(30)
  })

  test('is a connection of its client as long as it lasts, also between polls', async () => {
    const addressLimits = { maxConnections: 2, exempt: [] }
    const { origin, endpoint, hub } = await serveChannels({ addressLimits, sessionPollGapMs: 500 })
    const first = await openPolling(origin)
    await openPolling(origin)
    expect(endpoint.stats.admission.connections).toBe(2)
    expect((await askPoll(origin, CONNECT)).status).toBe(429)
    expect((await first.poll({ wait: 0 })).status).toBe(200)
    await hub.sessions.emptied()
    expect(endpoint.stats.admission.connections).toBe(0)
    expect((await openPolling(origin)).packets).toMatchObject([{ id: 1 }])
  })

  test('takes a ticket, once', async () => {
    const tickets = new Tickets()
    const { origin, hub } = await serveChannels({ tickets, authenticate: () => ({ user: 'nobody' }) })
    const query = `ticket=${await tickets.issue({ user: 'ann' })}`
    await openPolling(origin, { query })
    expect(hub.sessions.ofUser('ann').length).toBe(1)
    expect((await openPolling(origin, { query })).packets).toMatchObject([{ push: { disconnect: { code: 3500 } } }])
  })
})
