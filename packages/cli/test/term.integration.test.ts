import { readFileSync } from 'node:fs'
import { type ChildProgram, FaultProxy, freePort, hasChromium, launchChromium, runWigwag } from '@wigwag/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sessionMembers } from '../../programs/src/process/session-members.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startTerm(args: readonly string[], env = {}): Promise<{ program: ChildProgram; url: string }> {
  const program = runWigwag(['term', ...args], { PS1: '> ', ...env })
  cleanups.push(() => program[Symbol.asyncDispose]())
  const [, url = ''] = await program.waitFor(/ at (http:\S+)/)
  return { program, url }
}

/** The process of the first session. */
async function pidOf(program: ChildProgram): Promise<number> {
  return Number((await program.waitFor(/"pid":(\d+)[^\n]*"started"/, 'stderr'))[1])
}

const SHELL = ['--pass-env', 'PATH,PS1', '--', 'sh', '-i']

describe('wigwag term', () => {
  test('the first command of the guide', async () => {
    const guide = readFileSync(new URL('../../../docs/term.md', import.meta.url), 'utf8')
    const [, first = ''] = /```sh\nwigwag term ([^\n#]*)/.exec(guide) ?? []
    const port = await freePort()
    const { program, url } = await startTerm(['--port', String(port), ...first.trim().split(/\s+/)])
    expect((await fetch(url)).headers.get('content-type')).toMatch(/text\/html/)
    program.kill('SIGTERM')
    expect(await program.exit).toMatchObject({ code: 0 })
  })

  test.each([
    [[], /Say what to run/],
    [['--host', '0.0.0.0', '--', 'top'], /see the terminal/],
    [['--host', '::', '--writable', '--', 'top'], /use the terminal/],
    [['--signal', 'NOPE', '--', 'top'], /name or the number of a signal/],
    [['--client-option', 'x', '--', 'top'], /NAME=VALUE/],
    [['--tls-key', 'x', '--', 'top'], /go together/],
    [['--scrollback', '5', '--', 'top'], /scrollbackBytes/],
  ])('%j is refused in one line', async (args, why) => {
    const { code, stderr } = await runWigwag(['term', ...args]).exit
    expect(code).toBe(2)
    expect(stderr).toMatch(why)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe.skipIf(!hasChromium)('the terminal in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
  })

  /** A page of its own, with everything that went wrong on it. */
  async function open(
    url: string,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 600 }, ...options })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Refused/.test(message.text()))
        faults.push(message.text())
    })
    await page.goto(url)
    return { page, faults }
  }

  const phase = (page: Page, name: string) => page.locator(`#status[data-phase="${name}"]`).waitFor()
  const shows = (page: Page, text: string) => page.locator('.xterm-rows').getByText(text).first().waitFor()

  test('one types, resizes, drops off the network, and comes back to the same shell; nothing is left behind', async () => {
    const { program, url } = await startTerm(['--port', '0', '--writable', '--keep', '10m', ...SHELL])
    const proxy = new FaultProxy(Number(new URL(url).port))
    cleanups.push(() => proxy[Symbol.asyncDispose]())
    const { page, faults } = await open(url.replace(/:\d+/, `:${await proxy.listen()}`))
    await phase(page, 'open')
    await page.keyboard.type('echo $((6 * 7)) $((1 + 1)); stty size\n')
    await shows(page, '42 2')
    const size = async (): Promise<string> =>
      (await page.locator('.xterm-rows').innerText()).match(/\d+ \d+(?=\s*> )/g)?.at(-1) ?? ''
    await expect.poll(size).toMatch(/^\d+ \d+$/)
    const before = await size()
    await page.setViewportSize({ width: 600, height: 400 })
    await page.keyboard.type('stty size\n')
    await expect.poll(size).not.toBe(before)
    // The line is cut while something is going on.
    await page.keyboard.type('sleep 1; echo mean""while\n')
    // What the shell has read: what is on its way is lost with the line.
    await shows(page, 'echo mean""while')
    proxy.cut()
    await phase(page, 'away')
    proxy.mend()
    await phase(page, 'open')
    await shows(page, 'meanwhile')
    await page.keyboard.type('echo same $$\n')
    await shows(page, `same ${await pidOf(program)}`)
    // And when the page is loaded anew.
    await page.reload()
    await phase(page, 'open')
    await shows(page, `same ${await pidOf(program)}`)
    expect(faults).toEqual([])
    program.kill('SIGTERM')
    expect(await program.exit).toMatchObject({ code: 0 })
    expect(sessionMembers(await pidOf(program))).toEqual([])
  })

  test('a second viewer reads by a link, sees the same, and cannot type; the program ends for both', async () => {
    const { url } = await startTerm(['--port', '0', '--writable', ...SHELL])
    const writer = await open(url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await phase(writer.page, 'open')
    await writer.page.getByRole('button', { name: 'Link to read' }).click()
    await writer.page.getByText('Copied').waitFor()
    const link = await writer.page.evaluate(() => navigator.clipboard.readText())
    expect(link).toMatch(/\/view#session=[\w-]{22}$/)
    const reader = await open(link, { viewport: { width: 500, height: 300 } })
    await phase(reader.page, 'open')
    expect(await reader.page.locator('#status').innerText()).toBe('You read')
    await reader.page.locator('.xterm-screen').click()
    await reader.page.keyboard.type('echo nev""er\n')
    await writer.page.locator('.xterm-screen').click()
    await writer.page.keyboard.type('echo bo""th\n')
    await Promise.all([shows(writer.page, 'both'), shows(reader.page, 'both')])
    expect(await writer.page.locator('.xterm-rows').innerText()).not.toContain('never')
    await writer.page.keyboard.type('exit 3\n')
    for (const { page } of [writer, reader]) {
      await page.getByText('The program has ended with status 3.').waitFor()
    }
    await writer.page.getByRole('button', { name: 'Start again' }).click()
    await phase(writer.page, 'open')
    expect([...writer.faults, ...reader.faults]).toEqual([])
  })

  test('on a phone there is a bar with the keys that it lacks', async () => {
    const { url } = await startTerm(['--port', '0', '--writable', '--pass-env', 'PATH', '--', 'cat', '-v'])
    const { page } = await open(url, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true })
    await phase(page, 'open')
    for (const name of ['Esc', 'Up', 'Ctrl']) await page.getByRole('button', { name, exact: true }).tap()
    await page.keyboard.type('d')
    // cat shows control characters only behind a line: Ctrl-D sends the line without one.
    await shows(page, '^[^[[A')
    expect(await page.getByRole('button', { name: 'Ctrl', exact: true }).getAttribute('aria-pressed')).toBe('false')
  })

  test('the last row and the last column are within the page, however large it is', async () => {
    const { url } = await startTerm(['--port', '0', '--writable', '--pass-env', 'PATH', '--', 'cat'])
    const { page } = await open(url, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true })
    await phase(page, 'open')
    /** How much room is left right of and below the screen. */
    const room = async (): Promise<number[]> => {
      const [outer, inner] = await Promise.all([
        page.locator('#terminal').boundingBox(),
        page.locator('.xterm-screen').boundingBox(),
      ])
      if (outer === null || inner === null) return [-1, -1]
      return [outer.x + outer.width - inner.x - inner.width, outer.y + outer.height - inner.y - inner.height]
    }
    for (const add of [0, 3, 6, 9, 12]) {
      await page.setViewportSize({ width: 360 + add, height: 640 + add })
      // Less than a row, and than a column beside the bar to scroll with.
      await expect.poll(async () => (await room()).every((left) => left >= 0 && left < 24)).toBe(true)
    }
  })

  test('with a password the page asks for it, and its socket shows a ticket, not the password', async () => {
    const { program, url } = await startTerm(['--port', '0', ...SHELL], { WIGWAG_CREDENTIAL: 'ann:s3cret' })
    const { page, faults } = await open(url, { httpCredentials: { username: 'ann', password: 's3cret' } })
    await phase(page, 'open')
    await shows(page, '>')
    expect(faults).toEqual([])
    program.kill('SIGTERM')
    expect((await program.exit).stderr).not.toContain('s3cret')
  })

  test('--once: it exits with its client; the page is called what the server says', async () => {
    const args = [
      '--port',
      '0',
      '--once',
      '--client-option',
      'titleFixed=Lab 3',
      '--client-option',
      'disableReconnect=true',
    ]
    const { program, url } = await startTerm([...args, ...SHELL])
    const { page } = await open(url)
    await phase(page, 'open')
    expect(await page.title()).toBe('Lab 3')
    await page.close()
    expect(await program.exit).toMatchObject({ code: 0 })
  })
})
