import { fileURLToPath } from 'node:url'
import { ChildProgram, hasChromium, launchChromium } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'

const program = fileURLToPath(new URL('../fallbacks/server.mjs', import.meta.url))

test.skipIf(!hasChromium)(
  'fallbacks: on a slow line the answers to setInterval overtake each other, and nothing else is out of order',
  async () => {
    const server = new ChildProgram(process.execPath, [program], { PORT: '0', TICK_MS: '100' })
    onTestFinished(() => server[Symbol.asyncDispose]())
    const [url] = await server.waitFor(/http:\S+/)
    const browser = await launchChromium()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    await page.goto(url)
    await page.getByText('very slow').click()
    await page.locator('#interval .late').first().waitFor()
    await page.locator('#long li').nth(5).waitFor()
    await page.locator('#timeout li').nth(1).waitFor()
    const panels = (await page.evaluate(
      "Object.fromEntries([...document.querySelectorAll('section')].map(({ id, dataset }) => [id, { ...dataset }]))",
    )) as Record<string, { late: string; missed: string; requests: string }>
    expect(Number(panels['interval']?.late)).toBeGreaterThan(0)
    for (const id of ['timeout', 'long', 'stream']) expect(panels[id]?.late, id).toBe('0')
    // Whoever asks for the latest now and then sees some; whoever asks for what is new sees all.
    expect(Number(panels['timeout']?.missed)).toBeGreaterThan(0)
    for (const id of ['long', 'stream']) expect(panels[id]?.missed, id).toBe('0')
    expect(await page.locator('#interval code').textContent()).toContain('setInterval')
    server.kill('SIGTERM')
    expect((await server.exit).code).toBe(0)
  },
)
