import { hasChromium, launchChromium } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './support/front.ts'
import { canProxy, type ProxiedWigwag, type Setup, startProxied } from './support/proxied-wigwag.ts'
import { changeBlock, fillIn, guideArguments, guideBlock } from './support/proxy-guide.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

const NGINX = guideBlock('nginx')
const LOCATION = '  location / {\n    proxy_pass http://127.0.0.1:8000;\n'
const below = (block: string): Setup => ({
  proxy: 'nginx',
  scheme: 'https',
  prefix: '/push',
  config: (places) => fillIn(changeBlock(NGINX, LOCATION, guideBlock(block)), places),
})

describe.skipIf(!hasChromium || !canProxy('nginx'))(
  'the page of wigwag serve, in Chromium behind nginx as the guide has it',
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launchChromium()
    })
    afterAll(async () => {
      await browser?.close()
    })

    /** Opens the page and connects. */
    async function connectPage({ front }: ProxiedWigwag): Promise<Page> {
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      const page = await context.newPage()
      await page.goto(`${front.url}/`)
      await page.getByRole('button', { name: 'Connect', exact: true }).click()
      await page.locator('[data-phase="open"]').waitFor()
      return page
    }

    async function publishFrom(page: Page, text: string): Promise<void> {
      await page.getByRole('textbox', { name: 'Message' }).fill(text)
      await page.getByRole('button', { name: 'Publish', exact: true }).click()
      await page.getByRole('list', { name: 'Publications' }).getByText(text).waitFor()
    }

    test('connects, publishes, stays connected when nginx is reloaded, and comes back when it is restarted', async () => {
      await using proxied = await startProxied({
        proxy: 'nginx',
        scheme: 'https',
        config: (places) => fillIn(NGINX, places),
        serve: () => guideArguments('serve'),
      })
      const page = await connectPage(proxied)
      await publishFrom(page, 'before the reload')
      const sockets: unknown[] = []
      page.on('websocket', (socket) => sockets.push(socket))
      if (!('reload' in proxied.proxy)) throw new Error('This is not nginx.')
      await proxied.proxy.reload()
      await publishFrom(page, 'after the reload')
      expect(sockets).toEqual([])
      await proxied.proxy.stop()
      await page.locator('[data-phase="open"]').waitFor({ state: 'detached' })
      await proxied.proxy.restart()
      await page.locator('[data-phase="open"]').waitFor()
      await publishFrom(page, 'after the restart')
      await page.context().close()
    })

    test.each([
      ['a prefix that Wigwag knows', { ...below('nginx-prefix'), serve: () => guideArguments('serve-prefix') }],
      ['a prefix that nginx takes away', { ...below('nginx-stripped'), serve: () => guideArguments('serve') }],
    ])('works below %s', async (_what, setup) => {
      await using proxied = await startProxied(setup)
      // As people write it.
      const bare = await ask(proxied.front, '')
      expect(bare).toMatchObject({ status: 301, headers: { location: `${proxied.front.url}/` } })
      const page = await connectPage(proxied)
      await publishFrom(page, 'from below a path')
      await page.context().close()
    })
  },
)
