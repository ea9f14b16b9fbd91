import { describe, expect, test } from 'vitest'
import {
  openEvents,
  openSocket,
  type ServedChannels,
  serveChannels,
  untilSubscribed,
} from '../support/served-channels.ts'

const LINES = { subprotocols: ['wigwag.publication.v1'] }

/** Publishes `1` to `count` and returns their positions. */
async function publishNumbers({ publish }: ServedChannels, count: number): Promise<string[]> {
  const positions: string[] = []
  for (let i = 1; i <= count; i++) {
    const { epoch, offset } = (await (await publish('a', String(i))).json()) as { epoch: string; offset: number }
    positions.push(`${epoch}:${offset}`)
  }
  return positions
}

describe('an event stream resumes (HTML §9.2.4)', () => {
  test('behind Last-Event-ID', async () => {
    const served = await serveChannels()
    const [, second] = await publishNumbers(served, 3)
    const events = await openEvents(served.url('/channel/a'), { 'last-event-id': second ?? '' })
    expect(await events.next()).toMatchObject({ data: '3' })
    await served.publish('a', '4')
    expect(await events.next()).toMatchObject({ data: '4' })
  })

  test('behind ?after=, and behind Last-Event-ID rather than ?after= where both are', async () => {
    const served = await serveChannels()
    const [first, second] = await publishNumbers(served, 3)
    const url = served.url(`/channel/a?after=${first}`)
    expect(await (await openEvents(url)).next()).toMatchObject({ data: '2' })
    expect(await (await openEvents(url, { 'last-event-id': second ?? '' })).next()).toMatchObject({ data: '3' })
  })

  test.each(['last_event_id', 'lastEventId', 'lastEventID', 'Last-Event-ID'])(
    'behind ?%s=, of clients that cannot send the header, rather than behind the ?after= that their URL began with',
    async (name) => {
      const served = await serveChannels()
      const [first, second, third] = await publishNumbers(served, 4)
      const url = served.url(`/channel/a?after=${first}&${name}=${second}`)
      expect(await (await openEvents(url)).next()).toMatchObject({ data: '3' })
      expect(await (await openEvents(url, { 'last-event-id': third ?? '' })).next()).toMatchObject({ data: '4' })
      const malformed = await openEvents(served.url(`/channel/a?${name}=7`))
      expect(malformed.response.status).toBe(400)
      // As it is before anything came.
      expect(await (await openEvents(served.url(`/channel/a?after=${third}&${name}=`))).next()).toMatchObject({
        data: '4',
      })
    },
  )

  test('and is told when to come back, each stream another time: the more there are, the more apart', async () => {
    const served = await serveChannels({ sessions: { maxSessionsPerSecond: 2 } })
    const told: number[] = []
    for (let i = 0; i < 40; i++) {
      const events = await openEvents(served.url('/channel/a'))
      await events.live()
      told.push(events.reader.retryMs ?? 0)
    }
    expect(Math.min(...told)).toBeGreaterThanOrEqual(1000)
    // Forty who come back two a second take twenty seconds.
    expect(Math.max(...told)).toBeLessThanOrEqual(21_000)
    expect(Math.max(...told)).toBeGreaterThan(3000)
    expect(new Set(told).size).toBeGreaterThan(10)
  })

  test('from now on when neither is there, with an id from which to resume before anything came', async () => {
    const served = await serveChannels()
    const positions = await publishNumbers(served, 2)
    const events = await openEvents(served.url('/channel/a'))
    await events.live()
    expect(events.events).toEqual([])
    expect(events.reader.lastEventId).toBe(positions[1])
    expect(events.reader.retryMs).toBeGreaterThan(0)
  })

  test('with an event named gap when history does not reach back, then what there is', async () => {
    const served = await serveChannels({ history: { size: 2 } })
    const [first, , , , fifth] = await publishNumbers(served, 5)
    const events = await openEvents(served.url('/channel/a'), { 'last-event-id': first ?? '' })
    const gap = await events.next()
    expect(gap.type).toBe('gap')
    expect(JSON.parse(gap.data)).toEqual({ reason: 'history-expired', after: first, position: fifth })
    expect([(await events.next()).data, (await events.next()).data]).toEqual(['4', '5'])
  })

  test('with a gap when the stream was lost', async () => {
    const served = await serveChannels()
    const events = await openEvents(served.url('/channel/a'), { 'last-event-id': 'another:7' })
    expect(JSON.parse((await events.next()).data)).toMatchObject({ reason: 'epoch-changed', after: 'another:7' })
  })

  test('however large what it missed is: each stream brings it further', async () => {
    const served = await serveChannels({ maxQueuedBytes: 100_000 })
    const [start] = await publishNumbers(served, 1)
    for (let i = 0; i < 12; i++) await served.publish('a', String(i).padEnd(250_000, 'x'))
    let lastEventId = start ?? ''
    const received: string[] = []
    for (let attempts = 0; received.length < 12 && attempts < 20; attempts++) {
      const events = await openEvents(served.url('/channel/a'), { 'last-event-id': lastEventId })
      await Promise.race([events.live(), events.ended])
      received.push(...events.events.map(({ data }) => String(Number.parseInt(data, 10))))
      lastEventId = events.reader.lastEventId
    }
    expect(received).toEqual(Array.from({ length: 12 }, (_, i) => String(i)))
  })
})

describe('wigwag.publication.v1 resumes', () => {
  test('behind ?after=, without a gap to what is live', async () => {
    const served = await serveChannels()
    const [first] = await publishNumbers(served, 3)
    const { next } = await openSocket(served.url(`/channel/a?after=${first}`), LINES)
    await served.publish('a', '4')
    for (const offset of [2, 3, 4])
      expect(JSON.parse(String(await next()))).toMatchObject({ offset, data: String(offset) })
  })

  test('with a line that says where recovery ends when asked with ?live=1', async () => {
    const served = await serveChannels()
    const [first, , third] = await publishNumbers(served, 3)
    const { next } = await openSocket(served.url(`/channel/a?after=${first}&live=1`), LINES)
    await next()
    await next()
    expect(JSON.parse(String(await next()))).toEqual({ live: { position: third, recovered: 2 } })
  })

  test('with a gap line when history does not reach back, then what there is', async () => {
    const served = await serveChannels({ history: { size: 1 } })
    const [first, , third] = await publishNumbers(served, 3)
    const { next } = await openSocket(served.url(`/channel/a?after=${first}`), LINES)
    const gap = { reason: 'history-expired', after: first, position: third }
    expect(JSON.parse(String(await next()))).toEqual({ gap })
    expect(JSON.parse(String(await next()))).toMatchObject({ offset: 3 })
  })

  test('however large what it missed is: each socket brings it further, and is closed with 1013 when it must come back', async () => {
    const served = await serveChannels({ maxQueuedBytes: 100_000 })
    let [after] = await publishNumbers(served, 1)
    for (let i = 0; i < 12; i++) await served.publish('a', String(i).padEnd(250_000, 'x'))
    const received: number[] = []
    for (let attempts = 0; received.length < 12 && attempts < 20; attempts++) {
      const { messages, next, closed } = await openSocket(served.url(`/channel/a?after=${after}&live=1`), LINES)
      const untilLive = async (): Promise<void> => {
        while (!String(await next()).startsWith('{"live"'));
      }
      const end = await Promise.race([untilLive(), closed.then(({ code }) => code)])
      expect([undefined, 1013]).toContain(end)
      for (const message of messages) {
        const { epoch, offset, data } = JSON.parse(String(message))
        if (data === undefined) continue
        received.push(Number.parseInt(data, 10))
        after = `${epoch}:${offset}`
      }
    }
    expect(received).toEqual(Array.from({ length: 12 }, (_, i) => i))
  })

  test('and says so where no history is kept: no offset, no epoch', async () => {
    const served = await serveChannels({ history: { size: 0 } })
    const { next } = await openSocket(served.url('/channel/a?live=1'), LINES)
    expect(JSON.parse(String(await next()))).toEqual({ live: { recovered: 0 } })
    await served.publish('a', 'x')
    const line = JSON.parse(String(await next()))
    expect(Object.keys(line)).toEqual(['time', 'data'])
  })
})

describe('a bare WebSocket resumes', () => {
  test('behind ?after=', async () => {
    const served = await serveChannels()
    const [first] = await publishNumbers(served, 3)
    const { next } = await openSocket(served.url(`/ws?channel=a&after=${first}`))
    expect([await next(), await next()]).toEqual(['2', '3'])
  })

  test('or is closed with 3010 at once when history does not reach back: it has no other way to tell', async () => {
    const served = await serveChannels({ history: { size: 1 } })
    const [first] = await publishNumbers(served, 3)
    const { closed, messages } = await openSocket(served.url(`/channel/a?after=${first}`))
    expect(await closed).toMatchObject({ code: 3010, reason: expect.stringContaining('without "after"') })
    expect(messages).toEqual([])
    await untilSubscribed(served.hub, 0)
  })

  test('and gets no line about recovery, even with ?live=1', async () => {
    const served = await serveChannels()
    const { next } = await openSocket(served.url('/channel/a?live=1'))
    await untilSubscribed(served.hub, 1)
    await served.publish('a', 'first')
    expect(await next()).toBe('first')
  })
})
