import { describe, expect, test } from 'vitest'
import { poll, pollBehind } from '../support/polling.ts'
import { connectRaw } from '../support/raw-http.ts'
import { type ServedChannels, serveChannels } from '../support/served-channels.ts'

/** Publishes numbers from 1 and returns their positions. */
async function publishNumbers({ hub }: ServedChannels, count: number, channel = 'a'): Promise<string[]> {
  const positions: string[] = []
  for (let i = 1; i <= count; i++) {
    const { position } = await hub.publish(channel, i)
    positions.push(`${position?.epoch}:${position?.offset}`)
  }
  return positions
}

describe('a poll without a position is answered with the latest publication', () => {
  test('as the data itself, with the position as the entity tag, for no cache to keep', async () => {
    const served = await serveChannels()
    const [, , third] = await publishNumbers(served, 3)
    const { status, body, headers } = await poll(served.url('/channel/a'))
    expect({ status, body }).toEqual({ status: 200, body: '3' })
    expect(Object.fromEntries(headers)).toMatchObject({
      etag: `"${third}"`,
      'content-type': 'application/json',
      'content-length': '1',
      'cache-control': 'no-store',
      vary: 'Accept, Origin',
      'x-content-type-options': 'nosniff',
    })
  })

  test('204 where nothing was published, with where the stream stands', async () => {
    const { url, hub } = await serveChannels()
    const nothing = await poll(url('/channel/a'))
    expect(nothing).toMatchObject({ status: 204, body: '', etag: expect.stringMatching(/^"[\w-]+:0"$/) })
    expect(nothing.headers.get('cache-control')).toBe('no-store')
    await hub.publish('a', 'first')
    expect((await pollBehind(url('/channel/a'), nothing.etag)).data).toEqual(['first'])
  })

  test('204 with the tag of what was published last where that has expired', async () => {
    const served = await serveChannels({ history: { ttlMs: 1 } })
    const [first] = await publishNumbers(served, 1)
    let answer = await poll(served.url('/channel/a'))
    while (answer.status === 200) answer = await poll(served.url('/channel/a'))
    expect(answer).toMatchObject({ status: 204, etag: `"${first}"` })
  })

  test('204 without a tag where no history is kept', async () => {
    const served = await serveChannels({ history: { size: 0 } })
    await served.hub.publish('a', 1)
    expect(await poll(served.url('/channel/a'))).toMatchObject({ status: 204, etag: undefined })
  })
})

describe('a poll with a position is answered with everything behind it', () => {
  test('as an array of the objects that the lines of wigwag.publication.v1 are', async () => {
    const served = await serveChannels()
    const [first] = await publishNumbers(served, 2)
    const { position, time } = await served.hub.publish('a', Uint8Array.of(1, 2))
    const { status, publications, etag, headers } = await poll(served.url(`/channel/a?after=${first}`))
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(publications).toEqual([
      { offset: 2, epoch: position?.epoch, time: expect.any(Number), data: 2 },
      { offset: 3, epoch: position?.epoch, time, b64data: 'AQI=' },
    ])
    expect(etag).toBe(`"${position?.epoch}:3"`)
    expect(headers.get('wigwag-recovered')).toBeNull()
  })

  test('304 with the tag when there is nothing new (RFC 9110 §15.4.5)', async () => {
    const served = await serveChannels()
    const [, second] = await publishNumbers(served, 2)
    for (const answer of [
      await poll(served.url(`/channel/a?after=${second}`)),
      await pollBehind(served.url('/channel/a'), `"${second}"`),
      await pollBehind(served.url('/channel/a'), `W/"${second}"`),
    ]) {
      expect(answer).toMatchObject({ status: 304, body: '', etag: `"${second}"` })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('vary')).toBe('Accept, Origin')
    }
  })

  test('If-None-Match rather than ?after= where both are', async () => {
    const served = await serveChannels()
    const [first, second] = await publishNumbers(served, 3)
    expect((await pollBehind(served.url(`/channel/a?after=${first}`), `"${second}"`)).data).toEqual([3])
  })

  test.each(['*', '"of-other-origin"'])('If-None-Match: %s is no position', async (tag) => {
    const served = await serveChannels()
    await publishNumbers(served, 2)
    expect(await pollBehind(served.url('/channel/a'), tag)).toMatchObject({ status: 200, body: '2' })
  })

  test('and with Wigwag-Recovered: false when history does not reach back, with what there is', async () => {
    const served = await serveChannels({ history: { size: 2 } })
    const [first, , , , fifth] = await publishNumbers(served, 5)
    const answer = await poll(served.url(`/channel/a?after=${first}`))
    expect(answer).toMatchObject({ status: 200, data: [4, 5], etag: `"${fifth}"` })
    expect(answer.headers.get('wigwag-recovered')).toBe('false')
    expect(answer.headers.get('wigwag-gap')).toBe('history-expired')
  })

  test('also when the stream was lost and there is nothing any more', async () => {
    const { url } = await serveChannels()
    const answer = await poll(url('/channel/a?after=another:7'))
    expect(answer).toMatchObject({ status: 200, body: '[]\n', etag: expect.stringMatching(/:0"$/) })
    expect(answer.headers.get('wigwag-gap')).toBe('epoch-changed')
  })

  test('also where no history is kept: then without a tag', async () => {
    const { url } = await serveChannels({ history: { size: 0 } })
    const answer = await poll(url('/channel/a?after=another:7'))
    expect(answer).toMatchObject({ status: 200, data: [], etag: undefined })
    expect(answer.headers.get('wigwag-gap')).toBe('no-history')
  })
})

describe('an answer has at most maxPollBytes of publications', () => {
  test('its tag is that of the last one that went, so that the next poll has what follows', async () => {
    const { url, hub } = await serveChannels({ maxPollBytes: 1000 })
    let { etag } = await poll(url('/channel/a'))
    for (let i = 0; i < 10; i++) await hub.publish('a', String(i).padEnd(300))
    const received: string[] = []
    const sizes: number[] = []
    for (;;) {
      const answer = await pollBehind(url('/channel/a'), etag)
      if (answer.status === 304) break
      received.push(...answer.data.map((each) => String(each).trim()))
      sizes.push(answer.data.length)
      etag = answer.etag
    }
    expect(received).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
    expect(sizes).toEqual([2, 2, 2, 2, 2])
  })

  test('and one publication however large it is', async () => {
    const { url, hub } = await serveChannels({ maxPollBytes: 1 })
    let { etag } = await poll(url('/channel/a'))
    for (let i = 0; i < 3; i++) await hub.publish('a', 'x'.repeat(10_000))
    for (const status of [200, 200, 200, 304]) {
      const answer = await pollBehind(url('/channel/a'), etag)
      expect(answer.status).toBe(status)
      expect(answer.publications).toHaveLength(status === 200 ? 1 : 0)
      etag = answer.etag
    }
  })
})

describe('HEAD is answered as GET is, without the body (RFC 9110 §9.3.2)', () => {
  test.each([
    ['with the latest', '', 200],
    ['with a position', '?after=another:1', 200],
    ['with a wait, at once', '?wait=1000', 200],
    // What was published just now is not told by time yet.
    ['with a time', '?timestamp=0', 304],
    ['with a time and a wait, at once', '?wait=1000&timestamp=0', 304],
  ])('%s', async (_what, query, status) => {
    const served = await serveChannels()
    await publishNumbers(served, 2)
    const head = await poll(served.url(`/channel/a${query}`), {}, 'HEAD')
    const get = await poll(served.url(`/channel/a${query.replace('wait=1000&', '')}`))
    expect(head).toMatchObject({ status, body: '', etag: get.etag })
    for (const name of ['content-type', 'content-length', 'vary', 'wigwag-gap', 'last-modified'])
      expect(head.headers.get(name)).toBe(get.headers.get(name))
  })

  test('it does not wait where a GET would', async () => {
    const { url } = await serveChannels()
    expect((await poll(url('/channel/a?wait=1000'), {}, 'HEAD')).status).toBe(204)
  })
})

test('polls come one behind the other on a connection that is kept, whatever they are answered with', async () => {
  const { port, hub } = await serveChannels()
  const raw = await connectRaw(port)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost')
  await raw.until(/204 No Content/)
  const { position } = await hub.publish('a', { n: 1 })
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost')
  await raw.until(/200 OK[\s\S]*\{"n":1\}/)
  raw.write('GET /channel/a?wait=0 HTTP/1.1', 'Host: localhost')
  await raw.until(/200 OK[\s\S]*\[\{.*"data":\{"n":1\}\}\]\n/)
  raw.write('HEAD /channel/a HTTP/1.1', 'Host: localhost')
  await raw.until(/(200 OK[\s\S]*){3}/)
  raw.write('GET /channel/a?wait=20&timestamp=0 HTTP/1.1', 'Host: localhost')
  await raw.until(/(200 OK[\s\S]*){4}\[\{.*"data":\{"n":1\}\}\]\n$/)
  raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', `If-None-Match: "${position?.epoch}:1"`, 'Connection: close')
  await raw.closed
  expect(raw.text()).toMatch(/304 Not Modified/)
})

test('a poll is authorized as a subscription is', async () => {
  const asked: string[] = []
  const { url } = await serveChannels({
    authorize: ({ action, channel }) => {
      asked.push(`${action} ${channel}`)
      return channel === 'open'
    },
  })
  expect((await poll(url('/channel/open'))).status).toBe(204)
  expect(await poll(url('/channel/shut'))).toMatchObject({ status: 403, etag: undefined })
  expect((await poll(url('/channel/shut?wait=30'))).status).toBe(403)
  expect(asked).toEqual(['subscribe open', 'subscribe shut', 'subscribe shut'])
})

test('polls of channels that nobody uses make the hub keep nothing', async () => {
  const served = await serveChannels({ maxChannels: 2 })
  const [first] = await publishNumbers(served, 1, 'kept')
  for (let i = 0; i < 10; i++) {
    await poll(served.url(`/channel/unused-${i}`))
    await poll(served.url(`/channel/unused-${i}?wait=0.001`))
  }
  expect(await poll(served.url(`/channel/kept?after=${first}`))).toMatchObject({ status: 304 })
})
