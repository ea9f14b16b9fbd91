import { createMemoryBroker } from '@wigwag/hub/node'
import { describe, expect, test } from 'vitest'
import { type PollAnswer, poll } from '../support/polling.ts'
import { type ServedChannels, serveChannels } from '../support/served-channels.ts'

const secondOf = ({ headers }: PollAnswer): number => Date.parse(headers.get('last-modified') ?? '') / 1000

/** Publishes all of them in one second. */
async function publishInOneSecond({ hub }: ServedChannels, ...data: readonly string[]): Promise<number> {
  // Never across the end of one.
  while (Date.now() % 1000 > 800) await new Promise((resolve) => setTimeout(resolve, 1001 - (Date.now() % 1000)))
  const published = await Promise.all(data.map((each) => hub.publish('a', each)))
  return Math.floor((published[0]?.time ?? 0) / 1000)
}

describe('a poll by time', () => {
  test('has whole seconds: what was published in the running one comes when that is over, with the rest of it', async () => {
    const served = await serveChannels()
    const { hub, url } = served
    const second = await publishInOneSecond(served, 'one', 'two')
    const waiting = poll(url(`/channel/a?wait=20&timestamp=${second - 1}`))
    // Not waiting, it is told that there is nothing yet; and where it stands, once more.
    const none = await poll(url(`/channel/a?timestamp=${second - 1}`))
    expect([none.status, secondOf(none)]).toEqual([304, second - 1])
    await hub.publish('a', 'three')
    const answer = await waiting
    expect(answer.data).toEqual(['one', 'two', 'three'])
    expect(answer.etag).toMatch(/:3"$/)
    expect(secondOf(answer)).toBe(second)
    const date = answer.headers.get('last-modified') ?? ''
    // From then on there is nothing, by the date as well as by the time that stands in the body.
    for (const timestamp of [second, answer.publications[2]?.time]) {
      expect((await poll(url(`/channel/a?timestamp=${timestamp}`))).status).toBe(304)
    }
    expect((await poll(url('/channel/a'), { 'if-modified-since': date })).status).toBe(304)
    const next = poll(url('/channel/a?wait=20'), { 'if-modified-since': date })
    await hub.publish('a', 'four')
    expect((await next).data).toEqual(['four'])
  })

  test('may begin with the latest, and is 204 where there is none, with a date from which everything comes', async () => {
    const served = await serveChannels()
    const none = await poll(served.url('/channel/a?timestamp='))
    expect([none.status, none.headers.get('last-modified')]).toEqual([204, 'Thu, 01 Jan 1970 00:00:00 GMT'])
    await publishInOneSecond(served, 'one', 'two')
    const latest = await poll(served.url('/channel/a?wait=20&timestamp='))
    expect(latest.data).toEqual(['two'])
    const all = await poll(served.url('/channel/a?wait=20'), {
      'if-modified-since': none.headers.get('last-modified') ?? '',
    })
    expect(all.data).toEqual(['one', 'two'])
  })

  test('a tag beside it is exact, and comes at once', async () => {
    const served = await serveChannels()
    const second = await publishInOneSecond(served, 'one', 'two')
    const { etag = '' } = await poll(served.url('/channel/a'), {}, 'HEAD')
    const headers = { 'if-none-match': etag, 'if-modified-since': new Date((second - 10) * 1000).toUTCString() }
    expect((await poll(served.url('/channel/a'), headers)).status).toBe(304)
    await served.hub.publish('a', 'three')
    expect((await poll(served.url('/channel/a'), headers)).data).toEqual(['three'])
  })

  test('every answer has a date that leaves nothing out, however it was asked for', async () => {
    const served = await serveChannels()
    const second = await publishInOneSecond(served, 'one')
    const answers = [await poll(served.url('/channel/a')), await poll(served.url('/channel/a?wait=20'))]
    // More of that second may follow: whoever goes on by the date is told of it, and once more of what came.
    expect(answers.map(secondOf)).toEqual([second - 1, second - 1])
    await served.hub.publish('a', 'two')
    const date = answers[0]?.headers.get('last-modified') ?? ''
    expect((await poll(served.url('/channel/a?wait=20'), { 'if-modified-since': date })).data).toEqual(['one', 'two'])
  })

  test('is told of a gap', async () => {
    const served = await serveChannels({ history: { size: 1 } })
    const second = await publishInOneSecond(served, 'one', 'two')
    const { data, headers } = await poll(served.url(`/channel/a?wait=20&timestamp=${second - 5}`))
    expect([data, headers.get('wigwag-gap'), headers.get('wigwag-recovered')]).toEqual([
      ['two'],
      'history-expired',
      'false',
    ])
  })

  test('waits for the next publication where no history is kept', async () => {
    const { url, hub, endpoint } = await serveChannels({ history: { size: 0 } })
    const waiting = poll(url('/channel/a?wait=20&timestamp=5'))
    while (endpoint.stats.poll.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    await hub.publish('a', 'x')
    const { data, headers } = await waiting
    expect([data, headers.get('last-modified'), headers.get('etag')]).toEqual([['x'], null, null])
  })

  test('ends with the server, and with the client', async () => {
    const served = await serveChannels()
    const second = await publishInOneSecond(served, 'one')
    const untilWaiting = async (count: number): Promise<void> => {
      while (served.endpoint.stats.poll.waiting !== count) await new Promise((resolve) => setImmediate(resolve))
    }
    const abort = new AbortController()
    const left = fetch(served.url(`/channel/b?wait=20&timestamp=${second}`), { signal: abort.signal }).catch(
      () => 'left',
    )
    const running = poll(served.url(`/channel/b?wait=20&timestamp=${second}`))
    await untilWaiting(2)
    abort.abort()
    expect(await left).toBe('left')
    await untilWaiting(1)
    await served.endpoint.close()
    expect([(await running).status, (await running).headers.get('connection')]).toEqual([304, 'close'])
    expect(served.hub.stats.subscriptions).toBe(0)
  })

  test('is 503 when the broker is away, also while it waits', async () => {
    const broker = createMemoryBroker()
    const history = broker.history.bind(broker)
    let asked = 0
    broker.history = (...what) => (++asked > 2 ? Promise.reject(new Error('no route')) : history(...what))
    const { url, hub, endpoint } = await serveChannels({ broker })
    const waiting = poll(url('/channel/a?wait=20&timestamp=5'))
    while (endpoint.stats.poll.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    await hub.publish('a', 'x')
    expect((await waiting).status).toBe(503)
  })
})
