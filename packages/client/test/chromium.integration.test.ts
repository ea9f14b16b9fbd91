import type { Client, Subscription } from '@wigwag/client'
import { expect, test } from 'vitest'
import { describeInChromium, servePages } from './support/chromium.ts'
import { type ServedHub, serveHub } from './support/served-hub.ts'

/** What the page has. */
interface Page {
  readonly wigwag: { readonly Client: typeof Client }
  client: Client
  orders: Subscription
  shown: unknown[]
  gaps: unknown[]
  states: string[]
}

describeInChromium(['@wigwag/client'], (createPage) => {
  async function openPage({ server, url }: ServedHub) {
    servePages(server)
    const { page, context, errors, open } = await createPage()
    await open(url)
    await page.evaluate(async () => {
      const here = globalThis as unknown as Page
      here.shown = []
      here.gaps = []
      here.states = []
      here.client = new here.wigwag.Client('/', { minDelayMs: 1, maxDelayMs: 50, probeTimeoutMs: 300 })
      here.client.on('state', (state) =>
        here.states.push(state.phase === 'connected' && state.isSuspect ? 'suspect' : state.phase),
      )
      here.orders = here.client.subscribe('orders:42', {
        on: { shipped: (order) => here.shown.push(order) },
        onGap: (gap) => here.gaps.push(gap),
      })
      await here.orders.ready()
    })
    const has = (count: number) =>
      page.waitForFunction((wanted) => (globalThis as unknown as Page).shown.length >= wanted, count)
    // Behind those of the beginning: connecting, connected.
    const saw = (state: string) =>
      page.waitForFunction((wanted) => (globalThis as unknown as Page).states.indexOf(wanted, 2) > 0, state)
    const read = <Key extends 'shown' | 'gaps' | 'states'>(key: Key) =>
      page.evaluate((name) => (globalThis as unknown as Page)[name], key)
    return { context, page, errors, has, saw, read }
  }

  test('a page is told what happens by the type of it, and misses nothing while its line is cut', async () => {
    const served = await serveHub()
    const { hub, line } = served
    const { errors, has, saw, read } = await openPage(served)
    const ship = (n: number) => hub.publish('orders:42', { n }, { tags: { type: 'shipped' } })
    await ship(1)
    await has(1)
    line.cut()
    await saw('connecting')
    await ship(2)
    await hub.publish('orders:42', 'for nobody')
    await ship(3)
    line.mend()
    await has(3)
    await ship(4)
    await has(4)
    expect(await read('shown')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }])
    expect(await read('gaps')).toEqual([])
    expect(errors).toEqual([])
  })

  test('a page whose network goes away doubts its connection, and is back as soon as the network is', async () => {
    const served = await serveHub()
    const { context, page, errors, has, saw, read } = await openPage(served)
    // Longer ago than what counts as alive; what time it is the page is told.
    await page.evaluate(() => {
      const now = Date.now
      Date.now = () => now() + 5000
    })
    served.line.cut()
    await context.setOffline(true)
    await saw('connecting')
    await served.hub.publish('orders:42', { n: 1 }, { tags: { type: 'shipped' } })
    served.line.mend()
    await context.setOffline(false)
    await has(1)
    expect((await read('states')).at(-1)).toBe('connected')
    expect(errors).toEqual([])
  })

  test('a page that is looked at again asks whether the hub is still there', async () => {
    const served = await serveHub()
    const { page, errors, saw, read } = await openPage(served)
    await page.evaluate(() => {
      const now = Date.now
      Date.now = () => now() + 5000
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await saw('suspect')
    await page.waitForFunction(() => (globalThis as unknown as Page).states.at(-1) === 'connected')
    expect(await read('states')).toEqual(['connecting', 'connected', 'suspect', 'connected'])
    expect(errors).toEqual([])
  })
})
