import type { Client, webSocket } from '@wigwag/client'
import type { httpStream } from '@wigwag/client/http-stream'
import type { longPoll } from '@wigwag/client/long-poll'
import type { poll } from '@wigwag/client/poll'
import type { sse } from '@wigwag/client/sse'
import { expect, test } from 'vitest'
import { blockWebSockets } from '../support/block-websockets.ts'
import { describeInChromium, servePages } from '../support/chromium.ts'
import { type ServedHub, serveHub } from '../support/served-hub.ts'

/** What the page has. */
interface Page {
  readonly wigwag: {
    readonly Client: typeof Client
    readonly webSocket: typeof webSocket
    readonly httpStream: typeof httpStream
    readonly sse: typeof sse
    readonly longPoll: typeof longPoll
    readonly poll: typeof poll
  }
  client: Client
  shown: unknown[]
  gaps: unknown[]
  reasons: string[]
}

const HISTORY = { rpc: { echo: (data: unknown) => data as string }, namespaces: { '': { history: { size: 1000 } } } }

const DOORS = ['', '/http-stream', '/sse', '/long-poll', '/poll'].map((path) => `@wigwag/client${path}`)

describeInChromium(DOORS, (createPage) => {
  async function openPage({ server, url }: ServedHub) {
    servePages(server)
    const { page, errors, open } = await createPage()
    /** Loads the page, and connects by these transports. */
    const begin = async (names: readonly (keyof Page['wigwag'] & string)[]): Promise<void> => {
      await open(url)
      await page.evaluate(async (wanted) => {
        const here = globalThis as unknown as Page
        here.shown = []
        here.gaps = []
        here.reasons = []
        here.client = new here.wigwag.Client('/', {
          transports: wanted.map((name) => (here.wigwag[name as 'webSocket'] as typeof webSocket)()),
          minDelayMs: 1,
          maxDelayMs: 50,
          moveUpDelayMs: 300,
        })
        here.client.on('connecting', ({ reason }) => here.reasons.push(reason.name))
        const orders = here.client.subscribe('orders', { onGap: (gap) => here.gaps.push(gap) })
        orders.on('publication', ({ data }) => here.shown.push(data))
        await orders.ready()
      }, names)
    }
    const has = (count: number) =>
      page.waitForFunction((wanted) => (globalThis as unknown as Page).shown.length >= wanted, count)
    const gave = (reason: string) =>
      page.waitForFunction((wanted) => (globalThis as unknown as Page).reasons.includes(wanted), reason)
    const read = <Key extends 'shown' | 'gaps' | 'reasons'>(key: Key) =>
      page.evaluate((name) => (globalThis as unknown as Page)[name], key)
    return { page, errors, begin, has, gave, read }
  }

  test.each(['httpStream', 'sse', 'longPoll', 'poll'] as const)(
    'over %s a page asks and is told, and misses nothing while its line is cut',
    async (name) => {
      const served = await serveHub(HISTORY)
      const { hub, line } = served
      const { page, errors, begin, has, read } = await openPage(served)
      await begin([name])
      await hub.publish('orders', 1)
      await has(1)
      expect(await page.evaluate(() => (globalThis as unknown as Page).client.rpc('echo', 'hé\n"'))).toBe('hé\n"')
      line.cut()
      await page.waitForFunction(() => (globalThis as unknown as Page).reasons.length > 1)
      await hub.publish('orders', 2)
      await hub.publish('orders', 3)
      line.mend()
      await has(3)
      await hub.publish('orders', 4)
      await has(4)
      expect(await read('shown')).toEqual([1, 2, 3, 4])
      expect(await read('gaps')).toEqual([])
      expect(errors).toEqual([])
    },
  )

  test('without WebSockets it goes over HTTP, the next page begins there, and both move up again', async () => {
    const served = await serveHub(HISTORY)
    const { hub, server } = served
    const { page, errors, begin, has, gave, read } = await openPage(served)
    const unblock = blockWebSockets(server, 'refused')
    const asked: string[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (pathname.startsWith('/connection/')) asked.push(pathname)
    })
    await begin(['webSocket', 'httpStream'])
    const kept = () => page.evaluate(() => Object.entries(localStorage))
    expect(await kept()).toEqual([
      [expect.stringMatching(/^wigwag-transport 127\./), expect.stringMatching(/^\d+ http-stream$/)],
    ])
    asked.length = 0
    await begin(['webSocket', 'httpStream'])
    expect(asked[0]).toBe('/connection/http_stream')
    await hub.publish('orders', 1)
    await has(1)
    unblock()
    await gave('movedUp')
    await hub.publish('orders', 2)
    await has(2)
    expect(await read('shown')).toEqual([1, 2])
    expect(await read('gaps')).toEqual([])
    expect(await kept()).toEqual([])
    expect(errors).toEqual([])
  })
})
