import { readFileSync } from 'node:fs'
import { Agent, get, type IncomingHttpHeaders } from 'node:http'
import { createMemoryBroker } from '@wigwag/hub/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { poll, pollBehind } from '../support/polling.ts'
import { connectRaw } from '../support/raw-http.ts'
import { type ServedChannels, serveChannels, untilSubscribed } from '../support/served-channels.ts'
import { UPGRADE_HEAD } from '../support/upgrade-head.ts'

/** A wait that ends a test by its time limit rather than by itself. */
const LONG = 'wait=50'

/** Where the channel stands. */
async function standOf(served: ServedChannels): Promise<string | undefined> {
  return (await poll(served.url('/channel/a'), {}, 'HEAD')).etag
}

describe('a long poll', () => {
  test('is answered at once when there is something behind its position', async () => {
    const served = await serveChannels()
    const stand = await standOf(served)
    await served.hub.publish('a', 'there already')
    expect((await pollBehind(served.url(`/channel/a?${LONG}`), stand)).data).toEqual(['there already'])
    expect(served.hub.stats.subscriptions).toBe(0)
  })

  test('waits for the next publication when there is nothing, and leaves', async () => {
    const served = await serveChannels()
    const answer = pollBehind(served.url(`/channel/a?${LONG}`), await standOf(served))
    await untilSubscribed(served.hub, 1)
    expect(served.endpoint.stats.poll).toEqual({ waiting: 1, dropped: 0 })
    const { position, time } = await served.hub.publish('a', { n: 1 })
    const { status, publications, etag } = await answer
    expect({ status, publications }).toEqual({ status: 200, publications: [{ ...position, time, data: { n: 1 } }] })
    expect(etag).toBe(`"${position?.epoch}:1"`)
    expect(served.hub.stats.subscriptions).toBe(0)
    expect(served.endpoint.stats.poll).toEqual({ waiting: 0, dropped: 0 })
  })

  test('has everything that was published in one turn', async () => {
    const served = await serveChannels()
    const answer = pollBehind(served.url(`/channel/a?${LONG}`), await standOf(served))
    await untilSubscribed(served.hub, 1)
    await Promise.all([1, 2, 3].map((n) => served.hub.publish('a', n)))
    expect((await answer).data).toEqual([1, 2, 3])
  })

  test('has at most maxPollBytes of it, and the next poll has the rest', async () => {
    const served = await serveChannels({ maxPollBytes: 500 })
    const answer = pollBehind(served.url(`/channel/a?${LONG}`), await standOf(served))
    await untilSubscribed(served.hub, 1)
    await Promise.all([1, 2, 3].map((n) => served.hub.publish('a', String(n).padEnd(300))))
    const first = await answer
    const second = await pollBehind(served.url(`/channel/a?${LONG}`), first.etag)
    const third = await pollBehind(served.url(`/channel/a?${LONG}`), second.etag)
    expect([first, second, third].map(({ data }) => data.map((each) => String(each).trim()))).toEqual([
      ['1'],
      ['2'],
      ['3'],
    ])
  })

  test('is 304 with the tag when its time is up, and 204 when it had no position', async () => {
    const served = await serveChannels()
    const stand = await standOf(served)
    expect(await pollBehind(served.url('/channel/a?wait=0.01'), stand)).toMatchObject({ status: 304, etag: stand })
    expect(await poll(served.url('/channel/a?wait=0.01'))).toMatchObject({ status: 204, etag: stand })
    expect(served.hub.stats.subscriptions).toBe(0)
  })

  test('waits for maxPollWaitMs at most', async () => {
    const { url } = await serveChannels({ maxPollWaitMs: 10 })
    expect((await poll(url('/channel/a?wait=1000000'))).status).toBe(204)
  })

  test('without a position is answered with the latest at once, as an array, and otherwise waits for the first', async () => {
    const served = await serveChannels()
    const first = poll(served.url(`/channel/a?${LONG}`))
    await untilSubscribed(served.hub, 1)
    await served.hub.publish('a', 1)
    expect((await first).data).toEqual([1])
    await served.hub.publish('a', 2)
    expect((await poll(served.url(`/channel/a?${LONG}`))).data).toEqual([2])
    expect((await poll(served.url('/channel/a?wait=0'))).data).toEqual([2])
  })

  test('waits for the next publication where no history is kept: it has no position, and there is no tag', async () => {
    const { url, hub } = await serveChannels({ history: { size: 0 } })
    await hub.publish('a', 'before')
    const answer = poll(url(`/channel/a?${LONG}`))
    await untilSubscribed(hub, 1)
    await hub.publish('a', 'x')
    const { publications, etag } = await answer
    expect(publications).toEqual([{ time: expect.any(Number), data: 'x' }])
    expect(etag).toBeUndefined()
  })

  test.each([
    ['by its tag', (etag: string | undefined) => ({ 'if-none-match': etag ?? '' })],
    ['by its time', () => ({ 'if-modified-since': new Date(Date.now()).toUTCString() })],
  ])('has what is not stored, too, and goes on from where it stood, %s', async (_how, cursor) => {
    const served = await serveChannels()
    await served.hub.publish('a', 'stored')
    const etag = await standOf(served)
    const answer = poll(served.url(`/channel/a?${LONG}`), cursor(etag))
    await untilSubscribed(served.hub, 1)
    await served.hub.publish('a', 'told', { skipHistory: true })
    const { data, publications, etag: next } = await answer
    expect([data, publications[0]?.offset]).toEqual([['told'], undefined])
    expect(next).toBe(etag)
  })

  test('is told of a gap at once', async () => {
    const { url } = await serveChannels()
    const { status, headers } = await poll(url(`/channel/a?${LONG}&after=another:7`))
    expect({ status, gap: headers.get('wigwag-gap') }).toEqual({ status: 200, gap: 'epoch-changed' })
  })

  test('is told of a gap that comes while it waits', async () => {
    const broker = createMemoryBroker()
    const history = broker.history.bind(broker)
    let isLost = false
    broker.history = async (channel, from) => {
      const held = await history(channel, from)
      if (!isLost || from === undefined || from === 'latest') return held
      const position = { epoch: 'another', offset: 3 }
      return { position, publications: [], gap: { reason: 'epoch-changed', after: from, position } }
    }
    broker.subscribe = async () => {
      isLost = true
    }
    const { url } = await serveChannels({ broker })
    const { headers, etag, body } = await poll(url(`/channel/a?${LONG}`))
    expect({ gap: headers.get('wigwag-gap'), etag, body }).toEqual({
      gap: 'epoch-changed',
      etag: '"another:3"',
      body: '[]\n',
    })
  })
})

describe('a long poll ends', () => {
  test('when the client leaves: it is unsubscribed', async () => {
    const { hub, port, endpoint } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write(`GET /channel/a?${LONG} HTTP/1.1`, 'Host: localhost')
    await untilSubscribed(hub, 1)
    raw.socket.destroy()
    await untilSubscribed(hub, 0)
    expect(endpoint.stats.poll).toEqual({ waiting: 0, dropped: 0 })
  })

  test('when the client leaves before it was its turn on the connection', async () => {
    const { hub, port, endpoint } = await serveChannels()
    const raw = await connectRaw(port)
    for (let i = 0; i < 20; i++) raw.write(`GET /channel/a?${LONG} HTTP/1.1`, 'Host: localhost')
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream')
    const untilOpen = async (connections: number): Promise<void> => {
      while (endpoint.stats.admission.connections !== connections) await new Promise((resolve) => setImmediate(resolve))
    }
    await untilOpen(21)
    // The others are not subscribed before it is their turn.
    await untilSubscribed(hub, 1)
    raw.socket.destroy()
    await untilOpen(0)
    await untilSubscribed(hub, 0)
    await endpoint.close()
  })

  test('with 503 when the broker is stuck: it is no fault of the server, and the client may ask again', async () => {
    const broker = createMemoryBroker()
    const history = broker.history.bind(broker)
    let asked = 0
    broker.history = (...what) => (++asked === 1 ? history(...what) : new Promise(() => {}))
    const { hub, url } = await serveChannels({ broker })
    const polled = fetch(url(`/channel/a?${LONG}`))
    await untilSubscribed(hub, 1)
    for (let i = 0; i <= 10_000; i++) await hub.publish('a', i)
    const { status, headers } = await polled
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  })

  test('when the endpoint closes: 304 or 204, and the connection with it, so that the client comes back to another', async () => {
    const served = await serveChannels()
    const stand = await standOf(served)
    const answers = [pollBehind(served.url(`/channel/a?${LONG}`), stand), poll(served.url(`/channel/a?${LONG}`))]
    await untilSubscribed(served.hub, 2)
    await served.endpoint.close()
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      expect(answer).toMatchObject({ status: [304, 204][i], etag: stand })
      expect(answer.headers.get('connection')).toBe('close')
    }
    expect(served.hub.stats.subscriptions).toBe(0)
  })

  test('when the endpoint closes while the broker is still asked', async () => {
    const broker = createMemoryBroker()
    const history = broker.history.bind(broker)
    let asked = (): void => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    let goOn = (): void => {}
    broker.history = async (...what) => {
      asked()
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return history(...what)
    }
    const { url, endpoint } = await serveChannels({ broker })
    const answer = poll(url(`/channel/a?${LONG}`))
    await isAsked
    const closing = endpoint.close()
    goOn()
    expect((await answer).status).toBe(204)
    await closing
  })

  test('at once with 503 when it is asked for meanwhile: not 304, for it would be asked for again at once', async () => {
    const { endpoint, port } = await serveChannels()
    const raw = await connectRaw(port)
    raw.write('GET /channel/a HTTP/1.1', 'Host: localhost', ...UPGRADE_HEAD)
    await raw.until(/101 Switching/)
    const closing = endpoint.close()
    const asking = await connectRaw(port)
    asking.write(`GET /channel/a?${LONG} HTTP/1.1`, 'Host: localhost')
    expect(await asking.until(/shutting down/)).toMatch(/ 503 [\s\S]*retry-after: 1/i)
    raw.socket.destroy()
    await closing
  })

  test('with 503 when the hub closes, or the broker fails', async () => {
    const { url, hub } = await serveChannels()
    const answer = poll(url(`/channel/a?${LONG}`))
    await untilSubscribed(hub, 1)
    await hub.close()
    expect((await answer).status).toBe(503)
    expect((await poll(url('/channel/a'))).status).toBe(503)
    const broker = createMemoryBroker()
    broker.subscribe = () => Promise.reject(new Error('no route'))
    const failing = await serveChannels({ broker })
    const failed = await poll(failing.url(`/channel/a?${LONG}`))
    expect({ status: failed.status, retry: failed.headers.get('retry-after') }).toEqual({ status: 503, retry: '1' })
    // Where the broker is and what it says is for those who run it.
    expect(failed.body).toContain('is away; nothing was done')
    expect(failed.body).not.toContain('no route')
  })
})

test('a thousand waiting polls are answered with the same bytes, encoded once', async () => {
  const { hub, port, endpoint } = await serveChannels()
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const longPoll = (): Promise<{ headers: IncomingHttpHeaders; body: string }> =>
    new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: `/channel/a?${LONG}`, agent }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ headers: response.headers, body }))
      }).on('error', reject)
    })
  /** Counts how often it is turned into JSON. */
  const counted = (): { readonly data: { n: number }; readonly times: () => number } => {
    let times = 0
    const data = { n: 0 }
    Object.defineProperty(data, 'n', { enumerable: true, get: () => ++times })
    return { data, times: () => times }
  }
  const unread = counted()
  await hub.publish('b', unread.data)
  const polls = Array.from({ length: 1000 }, longPoll)
  await untilSubscribed(hub, 1000)
  expect(endpoint.stats.poll.waiting).toBe(1000)
  const read = counted()
  await hub.publish('a', read.data)
  const bodies = new Set((await Promise.all(polls)).map(({ body }) => body))
  expect(bodies.size).toBe(1)
  expect(read.times()).toBe(unread.times() + 1)
  expect(hub.stats.subscriptions).toBe(0)
})

test('the chain of polls that the guide shows has everything once, and goes on when the server comes back', async () => {
  const guide = readFileSync(new URL('../../../../docs/channels.md', import.meta.url), 'utf8')
  const [, source = ''] = /```js\n(async function follow[\s\S]*?\n\})\n/.exec(guide) ?? []
  const { url, hub } = await serveChannels()
  const shown: unknown[] = []
  const faults: string[] = ['down', 'busy']
  let isOver = false
  let tell = (): void => {}
  const show = (data: unknown): void => {
    shown.push(data)
    tell()
  }
  const guarded = async (...what: Parameters<typeof fetch>): Promise<Response> => {
    // It goes on for ever; the test does not.
    if (isOver) return new Promise(() => {})
    const fault = faults.pop()
    if (fault === 'busy') return new Response('', { status: 503 })
    if (fault === 'down') throw new TypeError('fetch failed')
    return fetch(...what)
  }
  const now = (run: () => void): unknown => setImmediate(run)
  const run = new Function('fetch', 'show', 'refetch', 'setTimeout', `${source}; return follow`)
  void run(guarded, show, (reason: string) => show(`gap: ${reason}`), now)(url('/channel/a'))
  for (const data of ['a', { b: 1 }, 'c']) {
    await untilSubscribed(hub, 1)
    const isShown = new Promise<void>((resolve) => {
      tell = resolve
    })
    await hub.publish('a', data)
    await isShown
  }
  isOver = true
  expect(shown).toEqual(['a', { b: 1 }, 'c'])
})
