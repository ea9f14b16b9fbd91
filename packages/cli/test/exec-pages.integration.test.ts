import { execWigwag, hasChromium, launchChromium } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

/** Prints what it is sent, so that a test says what comes when. */
const ECHO = ['--mode', 'shared', '--input', '--', 'cat']

describe.runIf(hasChromium)('the pages of wigwag exec', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())

  /** A page of a program that says what it is told to, and whatever went wrong on it. */
  async function open(args: readonly string[]) {
    const served = await execWigwag(args)
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    await page.goto(served.url.replace('ws', 'http'))
    await page.getByText('Live').waitFor()
    const say = (...lines: string[]): Promise<void> => sayTo(page, lines)
    return {
      ...served,
      page,
      faults,
      say,
      async [Symbol.asyncDispose]() {
        await page.close()
        await served.program[Symbol.asyncDispose]()
      },
    }
  }

  /** Sends lines to the program, over a WebSocket of the page's own. */
  async function sayTo(page: Page, lines: readonly string[]): Promise<void> {
    await page.evaluate(
      (all) =>
        new Promise<void>((resolve) => {
          const socket = new WebSocket(location.href.replace('http', 'ws'))
          socket.onopen = () => {
            for (const line of all) socket.send(line)
            socket.close()
            resolve()
          }
        }),
      lines,
    )
  }

  test('log: lines as they come, searched, paused, followed', async () => {
    await using shown = await open(['--page', 'log', ...ECHO])
    const { page } = shown
    const lines = page.locator('.lines li span')
    await shown.say('one <b>bold</b>', '\u001b[31mtwo\u001b[0m')
    await page.getByText('two').waitFor()
    expect(await lines.allTextContents()).toEqual(['one <b>bold</b>', 'two'])

    await page.getByRole('searchbox').fill('ONE')
    await page.getByText('1 of 2').waitFor()
    expect(await page.locator('mark').allTextContents()).toEqual(['one'])
    await page.getByRole('searchbox').fill('')

    await page.getByRole('button', { name: 'Pause' }).click()
    await shown.say('three')
    await page.getByRole('button', { name: 'Go on (1)' }).click()
    await page.getByText('three').waitFor()

    await shown.say(...Array.from({ length: 200 }, (_, i) => `line ${i}`))
    await page.getByText('line 199').waitFor()
    await page.locator('.lines').evaluate((list) => list.scrollTo(0, 0))
    await page.getByRole('button', { name: 'Follow', pressed: false }).click()
    expect(
      await page.locator('.lines').evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight),
    ).toBe(0)
    expect(shown.faults).toEqual([])
  })

  test('log: a page that comes later, or back, has the last lines once', async () => {
    await using shown = await open(['--page', 'log', '--history', '2', ...ECHO])
    const { page } = shown
    await shown.say('one', 'two', 'three')
    await page.getByText('three').waitFor()
    await page.reload()
    await page.getByText('three').waitFor()
    expect(await page.locator('.lines li span').allTextContents()).toEqual(['two', 'three'])
  })

  test('log: without a history there is what comes', async () => {
    await using shown = await open(['--page', 'log', '--history', '0', ...ECHO])
    await shown.say('one')
    await shown.page.getByText('one').waitFor()
    expect(shown.faults).toEqual([])
  })

  test('chart: columns with names, each of which may be hidden; values where one points', async () => {
    await using shown = await open(['--page', 'chart', ...ECHO])
    const { page } = shown
    await page.getByText('No numbers yet').waitFor()
    await shown.say('procs ---memory---', ' r free', ' 1 2000000')
    await page.getByRole('region', { name: 'free' }).waitFor()
    await shown.say(' 3 2500000')
    await page.getByText('2.5 M', { exact: true }).waitFor()
    const panels = page.locator('.panel')
    expect(await panels.locator('.name').allTextContents()).toEqual(['r', 'free'])
    expect(await panels.locator('.value').allTextContents()).toEqual(['3', '2.5 M'])

    // At the left edge is the first value.
    const plot = page.getByRole('region', { name: 'free' }).locator('.u-over')
    await plot.hover({ position: { x: 2, y: 20 } })
    await page.getByText('2 M', { exact: true }).first().waitFor()
    expect(await panels.locator('.value').allTextContents()).toEqual(['1', '2 M'])

    await page.getByRole('button', { name: 'r', exact: true }).click()
    expect(await panels.locator('.name').allTextContents()).toEqual(['free'])
    await page.getByRole('button', { name: 'r', exact: true }).click()
    await page.getByRole('button', { name: 'Together' }).click()
    expect(await page.locator('.readout li').count()).toBe(2)
    expect(await page.locator('canvas').count()).toBe(1)

    await page.getByRole('button', { name: 'Pause' }).click()
    await shown.say(' 9 9000000')
    await shown.say('{"later": 5}')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'later' }).waitFor()
    expect(shown.faults).toEqual([])
  })

  test('chart: who comes when the line with the names has left the history has names all the same', async () => {
    // vmstat -n says them once.
    const served = await execWigwag([
      '--mode',
      'shared',
      '--page',
      'chart',
      '--history',
      '1',
      '--',
      'vmstat',
      '-n',
      '1',
    ])
    await using _program = served.program
    const url = served.url.replace('ws', 'http')
    await expect.poll(async () => (await (await fetch(`${url}/wigwag.json`)).json()).header?.line).toMatch(/\bfree\b/)
    const page = await browser.newPage()
    await page.goto(url)
    await page.getByRole('region', { name: 'free', exact: true }).waitFor()
    expect(await page.getByText('column 1').count()).toBe(0)
    await page.close()
  })

  test('a shared program that has ended for good is said to have', async () => {
    const served = await execWigwag([
      '--mode',
      'shared',
      '--restart',
      'never',
      '--page',
      'log',
      '--',
      'sh',
      '-c',
      'echo bye; exit 3',
    ])
    await using _program = served.program
    const page = await browser.newPage()
    await page.goto(served.url.replace('ws', 'http'))
    await page.getByText('The program ended with status 3').waitFor()
    expect(await page.locator('.lines li span').allTextContents()).toEqual(['bye', 'The program ended with status 3'])
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0)
    await page.close()
  })

  test('behind a password the page, what it asks for, and its WebSocket come in', async () => {
    const command = ['--', 'sh', '-c', 'echo "you are $REMOTE_USER"; cat']
    const served = await execWigwag(['--credential', 'ada:secret', '--page', 'log', ...command])
    await using _program = served.program
    const page = await browser.newPage()
    await page.goto(served.url.replace('ws://', 'http://ada:secret@'))
    await page.getByText('you are ada', { exact: true }).waitFor()
    await page.close()
  })

  test('a program of one’s own ends, and is run again when asked to', async () => {
    const served = await execWigwag(['--page', 'log', '--', 'sh', '-c', 'echo pid $$; exit 3'])
    await using _program = served.program
    const page = await browser.newPage()
    await page.goto(served.url.replace('ws', 'http'))
    await page.getByText('The program ended with status 3').waitFor()
    await page.getByRole('button', { name: 'Run again' }).click()
    await page.getByText('The program ended with status 3').nth(1).waitFor()
    expect(await page.getByText(/^pid \d+$/).count()).toBe(2)
    await page.close()
  })
})
