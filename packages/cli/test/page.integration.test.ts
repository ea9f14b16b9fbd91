import {
  FaultProxy,
  hasChromium,
  hasRedis,
  launchChromium,
  RedisServer,
  type ServedWigwag,
  serveWigwag,
} from '@wigwag/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startPrefixProxy } from './support/prefix-proxy.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

describe.skipIf(!hasChromium)('the page of wigwag serve, in Chromium', () => {
  let browser: Browser
  let server: ServedWigwag
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
  })
  beforeEach(async () => {
    server = await serveWigwag()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    await server.program[Symbol.asyncDispose]()
  })

  /** A page of its own, with everything that went wrong on it. */
  async function open(
    url: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const faults: string[] = []
    const { host } = new URL(url)
    context.on('request', (request) => {
      if (new URL(request.url()).host !== host) faults.push(`request to ${request.url()}`)
    })
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== host) faults.push(`WebSocket to ${socket.url()}`)
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Refused/.test(message.text()))
        faults.push(message.text())
    })
    await page.goto(url)
    return { page, faults }
  }

  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
  const publications = (page: Page) => page.getByRole('list', { name: 'Publications' })
  const isOpen = (page: Page) => page.locator('[data-phase="open"]').waitFor()
  const isNotOpen = (page: Page) => page.locator('[data-phase="open"]').waitFor({ state: 'detached' })
  const publish = (channel: string, body: string) =>
    fetch(`${server.url}/channel/${channel}`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })

  test('connects, publishes, shows data with offset and time, and disconnects, asking no other host for anything', async () => {
    const { page, faults } = await open(server.url)
    await button(page, 'Connect').click()
    await isOpen(page)
    await page.getByRole('textbox', { name: 'Message' }).fill('hello')
    await button(page, 'Publish').click()
    const row = publications(page).getByTestId('publication').first()
    await row.getByText('hello', { exact: true }).waitFor()
    expect(await row.textContent()).toMatch(/offset 1.*\d\d:\d\d:\d\d/)
    await publish('foo', 'from elsewhere')
    await publications(page).getByText('from elsewhere').waitFor()
    await button(page, 'Disconnect').click()
    await page.locator('[data-phase="closed"]').waitFor()
    expect(faults).toEqual([])
  })

  test('a request to another host would be noticed, and the policy stops it', async () => {
    const { page, faults } = await open(server.url)
    await page.evaluate(() => fetch('http://192.0.2.1/').catch(() => {}))
    await expect.poll(() => faults.join()).toMatch(/192\.0\.2\.1|Content Security Policy/)
  })

  test('two tabs see what each other publishes, with JSON as JSON', async () => {
    const { page: one } = await open(`${server.url}/?channel=tabs`)
    const { page: two } = await open(`${server.url}/?channel=tabs`)
    await Promise.all([isOpen(one), isOpen(two)])
    await one.getByRole('textbox', { name: 'Message' }).fill('from one')
    await button(one, 'Publish').click()
    await publications(two).getByText('from one').waitFor()
    await two.locator('label').filter({ hasText: 'JSON' }).click()
    await two.getByRole('textbox', { name: 'Message' }).fill('{"price":3}')
    await button(two, 'Publish').click()
    await publications(one).getByText('"price": 3').waitFor()
  })

  test('after a mere cut of the line it reconnects by itself and recovers what it missed', async () => {
    await using proxy = new FaultProxy(server.port)
    const port = await proxy.listen()
    const { page } = await open(`http://127.0.0.1:${port}/?channel=cut`)
    await isOpen(page)
    await publish('cut', 'before')
    await publications(page).getByText('before').waitFor()
    proxy.cut()
    await isNotOpen(page)
    for (const text of ['missed 1', 'missed 2', 'missed 3']) await publish('cut', text)
    proxy.mend()
    await page.locator('li[data-notice="recovered"]').getByText('3 missed publications recovered').waitFor()
    const texts = await publications(page).getByTestId('publication').allTextContents()
    expect(texts.map((text) => /before|missed \d/.exec(text)?.[0])).toEqual([
      'missed 3',
      'missed 2',
      'missed 1',
      'before',
    ])
  })

  test('when the server restarts it reconnects by itself and says that history was lost', async () => {
    const { page } = await open(`${server.url}/?channel=restart`)
    await isOpen(page)
    await publish('restart', 'before')
    await publications(page).getByText('before').waitFor()
    server.program.kill('SIGTERM')
    await server.program.exit
    await isNotOpen(page)
    server = await serveWigwag([], server.port)
    await page
      .locator('li[data-notice="missing"]')
      .getByText(/History was lost/)
      .waitFor()
    await isOpen(page)
    await publish('restart', 'after')
    await publications(page).getByText('after', { exact: true }).waitFor()
  })

  test.skipIf(!hasRedis)(
    'whoever comes while Redis is away is told to wait, and is subscribed when it is back',
    async () => {
      await using redis = await RedisServer.start()
      const served = await serveWigwag(['--redis', redis.url])
      await using _program = served.program
      await redis.kill()
      await served.program.waitFor(/Redis is away/, 'stderr')
      const { page, faults } = await open(served.url)
      await button(page, 'Connect').click()
      await isOpen(page)
      await page.getByText(/^Waiting for /).waitFor()
      await page.getByRole('textbox', { name: 'Message' }).fill('hello')
      await button(page, 'Publish').click()
      await page.getByText('The broker behind this server is away; nothing was done.').waitFor()
      await redis.start()
      await page.getByText(/^Subscribed to /).waitFor()
      await button(page, 'Publish').click()
      await publications(page).getByText('hello').waitFor()
      expect(faults).toEqual([])
    },
  )

  test('where WebSocket is blocked it is there all the same, says over what, and comes back', async () => {
    const port = await startPrefixProxy(server.port, '', { webSockets: 'refused' })
    const { page, faults } = await open(`http://localhost:${port}/?channel=blocked`)
    await isOpen(page)
    const status = page.getByRole('status', { name: 'Connection state' })
    await status.getByText('HTTP stream').waitFor()
    await status.getByText('Subscribed to blocked.').waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill('around the block')
    await button(page, 'Publish').click()
    await publications(page).getByText('around the block').waitFor()
    server.program.kill('SIGTERM')
    await server.program.exit
    server = await serveWigwag([], server.port)
    await page
      .locator('li[data-notice="missing"]')
      .getByText(/History was lost/)
      .waitFor()
    expect(faults).toEqual([])
  })

  test('says what the server refuses, and why', async () => {
    const { page } = await open(`${server.url}/?channel=__secret`)
    await page
      .getByText(/names that start with "__" are reserved/)
      .first()
      .waitFor()
    await page.locator('[data-phase="closed"]').waitFor()
  })

  test('works by keyboard alone', async () => {
    const { page } = await open(server.url)
    const tabTo = async (name: string): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement | null
          return element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
        })
        if (focused.includes(name)) return
      }
      throw new Error(`Tab never reaches ${name}`)
    }
    await tabTo('Channel')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('keys')
    await page.keyboard.press('Enter')
    await isOpen(page)
    await tabTo('Message')
    await page.keyboard.type('line one')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('line two')
    await page.keyboard.press('Enter')
    await publications(page).getByText('line two').waitFor()
    expect(await page.getByRole('status', { name: 'Connection state' }).textContent()).toMatch(/^Open/)
    expect(await page.title()).toContain('keys')
  })

  describe('below a path', () => {
    /** Everything that the page does: its files, the WebSocket, a publication, the commands, all below `url`. */
    async function worksBelow(url: string): Promise<void> {
      const { page, faults } = await open(`${url}?channel=below`)
      await isOpen(page)
      await page.getByRole('textbox', { name: 'Message' }).fill('hello from below')
      await button(page, 'Publish').click()
      await publications(page).getByText('hello from below').waitFor()
      const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
      expect(asked.filter((name) => !name.startsWith(url.replace(/\/$/, '')))).toEqual([])
      expect(asked.some((name) => name.endsWith('.css'))).toBe(true)
      await page.locator('code', { hasText: `curl -d hello ${url.replace(/\/?$/, '/')}channel/below` }).waitFor()
      expect(new URL(page.url()).pathname).toBe(new URL(url.replace(/\/?$/, '/')).pathname)
      expect(faults).toEqual([])
    }

    test('of --base-path, also without its slash', async () => {
      await using below = (await serveWigwag(['--base-path', '/api/push'], 0)).program
      const [, origin = ''] = await below.waitFor(/serves (http:\/\/localhost:\d+)/)
      await worksBelow(`${origin}/api/push/`)
      await worksBelow(`${origin}/api/push`)
    })

    test('that a proxy strips, without being told', async () => {
      const port = await startPrefixProxy(server.port, '/some/prefix')
      await worksBelow(`http://localhost:${port}/some/prefix/`)
    })

    test('of --base-path behind a proxy that strips another', async () => {
      await using below = (await serveWigwag(['--base-path', '/push'], 0)).program
      const [, inner = ''] = await below.waitFor(/serves http:\/\/localhost:(\d+)/)
      const port = await startPrefixProxy(Number(inner), '/outer')
      await worksBelow(`http://localhost:${port}/outer/push`)
    })
  })

  test.each([360, 1280])('fits %d px without scrolling sideways, in light and dark', async (width) => {
    const luminance: number[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(`${server.url}/?channel=narrow`, { viewport: { width, height: 800 }, colorScheme })
      await isOpen(page)
      await publish('narrow', 'x'.repeat(2000))
      await publications(page).getByTestId('publication').first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      luminance.push((colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3)
    }
    expect(luminance[0]).toBeGreaterThan(200)
    expect(luminance[1]).toBeLessThan(60)
  })
})
