import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  FaultProxy,
  hasChromium,
  hasRedis,
  launchChromium,
  RedisServer,
  type ServedWigwag,
  serveWigwag,
} from '@wigwag/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type BrowserContext = Awaited<ReturnType<Browser['newContext']>>
type Page = Awaited<ReturnType<Browser['newPage']>>

const GUIDE = fileURLToPath(new URL('../../../docs/command.md', import.meta.url))

/** An order as anybody may publish it: with `curl` as well. */
const order = (id: string, type: string, more: object = {}) => ({
  type,
  id,
  customer: 'Ada Berg',
  items: [{ name: 'Teapot', count: 2 }],
  cents: 7800,
  placedAtMs: 1_790_000_000_000,
  changedAtMs: 1_790_000_000_000,
  ...more,
})

describe.skipIf(!hasChromium)('the order board of wigwag serve, in Chromium', () => {
  let browser: Browser
  let server: ServedWigwag
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
  })

  /** A server that ends with the test. */
  async function serve(args: readonly string[] = [], port = 0): Promise<ServedWigwag> {
    const served = await serveWigwag(args, port)
    onTestFinished(() => served.program[Symbol.asyncDispose]())
    return served
  }

  /** A tab, and what goes wrong in it. */
  async function open(context: BrowserContext, url = server.url, search = '') {
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Refused/.test(message.text())) faults.push(message.text())
    })
    await page.goto(`${url}/orders${search}`)
    await page.locator('[data-phase="open"]').waitFor()
    return { page, faults }
  }

  const publish = (data: object, url = server.url) =>
    fetch(`${url}/channel/orders`, {
      method: 'POST',
      body: JSON.stringify(data),
      headers: { 'content-type': 'application/json' },
    })

  const row = (page: Page, id: string) => page.locator(`li[data-order="${id}"]`)
  const stands = (page: Page, id: string, status: string) =>
    page.locator(`li[data-order="${id}"][data-status="${status}"]`).waitFor()
  const newOrder = (page: Page) => page.getByRole('button', { name: 'New order' }).click()
  /** The orders and how they stand, from top to bottom. */
  const board = (page: Page) =>
    page
      .locator('li[data-order]')
      .evaluateAll((rows) =>
        rows.map((each) => `${each.getAttribute('data-order')} ${each.getAttribute('data-status')}`),
      )

  test('what is done in one tab or by curl is seen in another at once, nothing moves, and it is told to who cannot see', async () => {
    server = await serve()
    // Boxes are compared: without what moves on purpose.
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    const { page: one, faults } = await open(context)
    const { page: two } = await open(context)
    await publish(order('SECOND', 'placed', { placedAtMs: 2 }))
    await publish(order('FIRST', 'placed', { placedAtMs: 1 }))
    await row(two, 'FIRST').waitFor()
    const places = () =>
      two
        .locator('li[data-order], li[data-order] :is(p, button, .track span)')
        .evaluateAll((all) => all.map((each) => JSON.stringify(each.getBoundingClientRect())))
    const before = await places()
    await one.getByRole('button', { name: 'Mark paid: order SECOND' }).click()
    await stands(two, 'SECOND', 'paid')
    await two.getByText('Order SECOND of Ada Berg is paid.').waitFor()
    await publish(order('SECOND', 'packed', { placedAtMs: 2 }))
    await Promise.all([stands(one, 'SECOND', 'packed'), stands(two, 'SECOND', 'packed')])
    await two.getByRole('button', { name: 'Ship: order SECOND' }).click()
    await stands(one, 'SECOND', 'shipped')
    expect(before.length).toBeGreaterThan(20)
    expect(await places()).toEqual(before)
    expect(await two.locator('.totals').textContent()).toBe('Placed1Paid0Packed0Shipped1Takings€78.00')
    await one.getByRole('link', { name: 'Try it' }).click()
    await one.getByRole('link', { name: 'Order board' }).click()
    await stands(one, 'SECOND', 'shipped')
    expect(faults).toEqual([])
  })

  test('a restart that forgets all is survived before the viewer’s eyes: what was pressed meanwhile is sent, and whoever comes late sees the same', async () => {
    server = await serve()
    const context = await browser.newContext()
    const { page: one } = await open(context, server.url, '?seed=1')
    const { page: two } = await open(context)
    for (let i = 1; i <= 3; i++) {
      await newOrder(one)
      await one
        .locator('li[data-order]')
        .nth(i - 1)
        .waitFor()
    }
    const { port } = server
    server.program.kill('SIGTERM')
    await server.program.exit
    await one.getByText(/^Reconnecting/).waitFor()
    await one.locator('li[data-order] .step').first().click()
    await newOrder(one)
    expect(await one.locator('li[data-order]').count()).toBe(3)
    server = await serve([], port)
    await one.getByText(/^Back\. The server has begun anew, without its history/).waitFor()
    await two.getByText(/^Back\. The server has begun anew, without its history/).waitFor()
    await one.locator('li[data-order]').nth(3).waitFor()
    await one.locator('li[data-status="paid"]').waitFor()
    await expect.poll(() => board(two)).toEqual(await board(one))
    const { page: late } = await open(await browser.newContext())
    await late.locator('li[data-order]').nth(3).waitFor()
    expect(await board(late)).toEqual(await board(one))
    // Nobody told the server of an order twice.
    const lines = await (await fetch(`${server.url}/channel/orders?after=none:0`)).json()
    const told = (lines as { data: { id: string; type: string } }[]).map(({ data }) => `${data.id} ${data.type}`)
    expect(told).toEqual([...new Set(told)])
  })

  test('all tabs of a browser share one connection, and those that stay go on when the first is closed', async () => {
    const key = 'sixteen-characters-or-more'
    const served = await serve(['--api-key', key])
    const connections = async (): Promise<number> => {
      const headers = { 'x-api-key': key, 'content-type': 'application/json' }
      const answer = await fetch(`${served.url}/api/info`, { method: 'POST', headers, body: '{}' })
      const { result } = (await answer.json()) as { result: { nodes: { num_clients: number }[] } }
      return result.nodes.reduce((sum, { num_clients }) => sum + num_clients, 0)
    }
    const context = await browser.newContext()
    const { page: first } = await open(context, served.url)
    const { page: second } = await open(context, served.url)
    const { page: third } = await open(context, served.url)
    await newOrder(second)
    for (const page of [first, second, third]) await page.locator('li[data-order]').waitFor()
    expect(await connections()).toBe(1)
    const { page: elsewhere } = await open(await browser.newContext(), served.url)
    expect(await connections()).toBe(2)
    await first.close()
    await newOrder(elsewhere)
    for (const page of [second, third]) await page.locator('li[data-order]').nth(1).waitFor()
    expect(await connections()).toBe(2)
  })

  test('after a cut of the line it catches up, and says with how many changes', async () => {
    server = await serve()
    await using proxy = new FaultProxy(server.port)
    const { page } = await open(await browser.newContext(), `http://127.0.0.1:${await proxy.listen()}`)
    await publish(order('CUT', 'placed'))
    await row(page, 'CUT').waitFor()
    proxy.cut()
    await page.getByText(/^Reconnecting/).waitFor()
    for (const status of ['paid', 'packed']) await publish(order('CUT', status))
    await publish(order('NEW', 'placed'))
    proxy.mend()
    await page.getByText('Back. 3 missed changes caught up.').waitFor()
    await stands(page, 'CUT', 'packed')
    await row(page, 'NEW').waitFor()
  })

  test.skipIf(!hasRedis)(
    'with Redis a restart loses nothing: what happened on another node meanwhile is caught up',
    async () => {
      await using redis = await RedisServer.start()
      const args = ['--redis', redis.url]
      const other = await serve(args)
      let mine = await serve(args)
      const { page } = await open(await browser.newContext(), mine.url)
      await publish(order('A', 'placed'), mine.url)
      await row(page, 'A').waitFor()
      mine.program.kill('SIGTERM')
      await mine.program.exit
      await publish(order('A', 'paid'), other.url)
      mine = await serve(args, mine.port)
      await page.getByText('Back. 1 missed change caught up.').waitFor()
      await stands(page, 'A', 'paid')
    },
  )

  test('works by keyboard alone, and what has the focus keeps it', async () => {
    server = await serve()
    const { page } = await open(await browser.newContext(), server.url, '?seed=5')
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate(() => {
          const element = document.activeElement
          return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
        })
        if (name.test(focused)) return
      }
      throw new Error(`Tab never reaches ${name}`)
    }
    await tabTo(/^New order$/)
    await page.keyboard.press('Enter')
    await page.locator('li[data-status="placed"]').waitFor()
    await tabTo(/^Mark paid: order/)
    for (const status of ['paid', 'packed', 'shipped']) {
      await page.keyboard.press('Enter')
      await page.locator(`li[data-status="${status}"]`).waitFor()
      await page.locator('.step:focus').waitFor()
    }
    await page.getByRole('button', { name: /^Order \w+ is done$/ }).waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Space')
    expect(await page.getByRole('switch').getAttribute('aria-checked')).toBe('true')
    // The shop runs: customers come by themselves.
    await page.locator('li[data-order]').nth(2).waitFor()
    await page.keyboard.press('Space')
    expect(await page.getByRole('switch').getAttribute('aria-checked')).toBe('false')
  })

  test('the order that the guide publishes is one', async () => {
    server = await serve()
    const [, sample = ''] = /channel\/orders -d '([^']*)'/.exec(readFileSync(GUIDE, 'utf8')) ?? []
    await publish(JSON.parse(sample))
    const { page } = await open(await browser.newContext())
    await row(page, 'A1').getByText('2 × Teapot').waitFor()
  })

  test('what is no order is not shown, and markup in one is text', async () => {
    server = await serve()
    const { page, faults } = await open(await browser.newContext())
    const markup = '<img src=x onerror="window.hacked=1">'
    for (const fault of [{ id: markup }, { items: [] }, { cents: 'much' }, { type: 'constructor' }]) {
      await publish({ ...order('BAD', 'paid'), ...fault })
    }
    await publish(order('GOOD', 'paid', { customer: markup, items: [{ name: markup, count: 1 }] }))
    await row(page, 'GOOD').waitFor()
    expect(await board(page)).toEqual(['GOOD paid'])
    expect(await row(page, 'GOOD').textContent()).toContain(markup)
    expect(await page.evaluate(() => (window as { hacked?: unknown }).hacked)).toBeUndefined()
    expect(faults).toEqual([])
  })

  test('fits a phone, a tablet and a desk without scrolling sideways, below a path as well', async () => {
    const { program: below } = await serve(['--base-path', '/push'])
    const [, origin = ''] = await below.waitFor(/serves (http:\/\/localhost:\d+)/)
    await publish(order('WIDE', 'packed', { customer: 'W'.repeat(60), cents: 99_999_999 }), `${origin}/push`)
    for (const width of [360, 768, 1440]) {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: 'dark' })
      const { page } = await open(context, `${origin}/push`)
      await row(page, 'WIDE').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    }
  })
})
