import { hasChromium, launchChromium, type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

/** Markup that runs if anything takes it for markup: it sets a variable of the page. */
const MARKUP = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '</div></li></ul><svg onload="window.hacked=1"></svg>',
  '"><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '<a href="javascript:window.hacked=1">click</a>',
  '&lt;img src=x onerror=window.hacked=1&gt;',
  '{{constructor.constructor("window.hacked=1")()}}',
]

/** What of it would be in the page. */
const INJECTED = '[onerror], [onload], [onfocus], img[src="x"], iframe, a[href^="javascript"], body script'

const hacked = (page: Page): Promise<unknown> => page.evaluate(() => (window as { hacked?: unknown }).hacked)

describe.skipIf(!hasChromium)('what others publish stays data, in Chromium', () => {
  let browser: Browser
  let server: ServedWigwag
  beforeAll(async () => {
    browser = await launchChromium()
    server = await serveWigwag()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.program[Symbol.asyncDispose]()
  })

  async function open(search: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(`${server.url}/${search}`)
    return page
  }

  const publish = (channel: string, body: string, type: string) =>
    fetch(`${server.url}/channel/${encodeURIComponent(channel)}`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })

  test.each([
    ['text/plain', (markup: string) => markup],
    ['application/json', (markup: string) => JSON.stringify({ [markup]: markup, ['__proto__']: markup })],
  ] as const)('the page shows markup published as %s as the text that it is', async (type, bodyOf) => {
    const page = await open(`?channel=${type.replace('/', '-')}`)
    await page.locator('[data-phase="open"]').waitFor()
    for (const markup of MARKUP) await publish(type.replace('/', '-'), bodyOf(markup), type)
    const rows = page.getByRole('list', { name: 'Publications' }).getByTestId('publication')
    await expect.poll(() => rows.count()).toBe(MARKUP.length)
    const shown = (await rows.allTextContents()).join('\n')
    for (const markup of MARKUP) expect(shown).toContain(type === 'text/plain' ? markup : JSON.stringify(markup))
    expect(await page.locator(INJECTED).count()).toBe(0)
    expect(await hacked(page)).toBeUndefined()
    await page.close()
  })

  test.each(['<svg/onload=window.hacked=1', '"onfocus="window.hacked=1"autofocus="', ...MARKUP])(
    'the page shows the channel %s as the text that it is, served or refused',
    async (name) => {
      const page = await open(`?channel=${encodeURIComponent(name)}`)
      await page.locator('[data-phase="open"], [data-phase="closed"]').waitFor()
      expect(await page.getByRole('textbox', { name: 'Channel' }).inputValue()).toBe(name)
      expect(await page.locator(INJECTED).count()).toBe(0)
      expect(await hacked(page)).toBeUndefined()
      await page.close()
    },
  )

  test('and if markup ever got into the page, its policy would run none of it', async () => {
    const page = await open('')
    const violations = page.evaluate(
      () =>
        new Promise<string>((resolve) =>
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective)),
        ),
    )
    await page.evaluate(() => {
      document.body.insertAdjacentHTML(
        'beforeend',
        '<img src="/none" onerror="window.hacked=1"><svg onload="window.hacked=1"></svg>',
      )
    })
    expect(await violations).toMatch(/^script-src/)
    expect(await hacked(page)).toBeUndefined()
    await page.close()
  })

  test('a browser’s EventSource takes no data for fields of the stream', async () => {
    const page = await open('')
    const injections = [
      'x\n\nevent: gap\ndata: y\n\n',
      'x\r\revent: failure\rdata: y\r\r',
      'x\r\n\r\nid: forged\r\nretry: 1\r\n\r\n',
      '\ufeffdata: x\n\n',
    ]
    const events = page.evaluate(
      (count) =>
        new Promise<string[][]>((resolve, reject) => {
          const seen: string[][] = []
          const source = new EventSource('/channel/injected')
          const see = ({ type, data, lastEventId }: MessageEvent<string>) => {
            seen.push([type, data, lastEventId.replace(/^.*:/, '')])
            if (seen.length === count) resolve(seen)
          }
          for (const type of ['message', 'gap', 'failure', 'bytes']) source.addEventListener(type, see)
          source.onopen = () => document.body.setAttribute('data-stream', 'open')
          source.onerror = () => reject(new Error('The stream broke.'))
        }),
      injections.length + 1,
    )
    await page.locator('body[data-stream="open"]').waitFor()
    for (const text of [...injections, 'the end']) await publish('injected', text, 'text/plain')
    expect(await events).toEqual(
      [...injections, 'the end'].map((text, i) => ['message', text.replace(/\r\n?/g, '\n'), `${i + 1}`]),
    )
    await page.close()
  })
})
