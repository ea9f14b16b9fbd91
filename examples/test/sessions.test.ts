import { fileURLToPath } from 'node:url'
import { ChildProgram, hasChromium, launchChromium } from '@wigwag/testkit'
import { Centrifuge } from 'centrifuge'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { signToken } from '../../packages/hub/test/support/tokens.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))

/** Starts an example; resolves with its address. */
async function start(name: string, env: Record<string, string> = {}): Promise<{ url: string; program: ChildProgram }> {
  const program = new ChildProgram(process.execPath, [folder + name], { PORT: '0', ...env })
  onTestFinished(() => program[Symbol.asyncDispose]())
  const [url] = await program.waitFor(/(?:http|ws):\/\/\S+/)
  return { url, program }
}

describe.skipIf(!hasChromium)('examples of sessions, in Chromium', () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  /** Opens a page; it must ask nobody but its own server for anything, and must not fail. */
  async function open(url: string) {
    const page = await browser.newPage()
    const faults: unknown[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(request.url())
    })
    page.on('pageerror', (error) => faults.push(error))
    onTestFinished(async () => {
      await page.close()
      expect(faults).toEqual([])
    })
    await page.goto(url)
    const enter = async (name: string): Promise<void> => {
      await page.getByRole('textbox', { name: 'Your name' }).fill(name)
      await page.getByRole('button').click()
      await page
        .getByRole('status')
        .getByText('Connected')
        .or(page.locator('#state[data-state=connected]'))
        .first()
        .waitFor()
    }
    return { page, enter }
  }

  test('chat-room: who is here, what is said, what was said before, and who left', async () => {
    const { url } = await start('chat-room.mjs')
    const [ada, bob] = [await open(url), await open(url)]
    await ada.enter('Ada')
    await ada.page.getByRole('textbox', { name: 'Message' }).fill('is there <b>anybody</b>?')
    await ada.page.getByRole('button', { name: 'Send' }).click()
    await ada.page.getByRole('log').getByText('is there <b>anybody</b>?').waitFor()
    await bob.enter('Bob')
    await bob.page.getByRole('log').getByText('is there <b>anybody</b>?').waitFor()
    await ada.page.getByRole('log').getByText('Bob came in').waitFor()
    const people = ada.page.getByRole('complementary', { name: 'Who is here' }).getByRole('listitem')
    expect(await people.allInnerTexts()).toEqual(['A\nAda (you)', 'B\nBob'])
    await bob.page.getByRole('textbox', { name: 'Message' }).fill('yes')
    await bob.page.keyboard.press('Enter')
    await ada.page.getByRole('log').getByText('yes').waitFor()
    await bob.page.goto('about:blank')
    await ada.page.getByRole('log').getByText('Bob left').waitFor()
    expect(await people.allInnerTexts()).toEqual(['A\nAda (you)'])
  })

  test('chat-room: the server decides on names and texts', async () => {
    const { url } = await start('chat-room.mjs')
    const { page } = await open(url)
    const reasons = await page.evaluate(async () => {
      const { Centrifuge: Client } = window as unknown as { Centrifuge: typeof Centrifuge }
      const address = `${location.origin.replace('http', 'ws')}/connection/websocket`
      const nobody = new Client(address, { data: { name: ' ' } })
      const refused = new Promise((resolve) => nobody.on('disconnected', ({ reason }) => resolve(reason)))
      nobody.connect()
      const eve = new Client(address, { data: { name: 'Eve' } })
      eve.connect()
      const why = ({ message }: { message: string }): string => message
      const outside = await eve.publish('chat:lobby', { text: 'x' }).then(String, why)
      const room = eve.newSubscription('chat:lobby')
      room.subscribe()
      await room.ready()
      const empty = await room.publish({ text: ' ' }).then(String, why)
      eve.disconnect()
      return [await refused, outside, empty]
    })
    expect(reasons).toEqual(['A name has 1 to 24 letters.', 'permission denied', 'Say 1 to 500 letters.'])
  })

  test('price-table: twelve prices, and they move', async () => {
    const { url } = await start('price-table.mjs', { TRADE_INTERVAL: '5' })
    const { page } = await open(url)
    await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 12)
    expect(await page.getByRole('rowheader').first().innerText()).toContain('Alpine Rail')
    const read = (): Promise<string> => page.locator('#rows').innerText()
    const before = await read()
    await page.waitForFunction((text) => (document.getElementById('rows') as HTMLElement).innerText !== text, before)
    await page.waitForFunction(() => Number(document.getElementById('count')?.textContent) > 50)
  })

  test('order-board: orders go their way, and nobody sees those of another', async () => {
    const { url } = await start('order-board.mjs', { STEP_MS: '50' })
    const [ada, bob] = [await open(url), await open(url)]
    await Promise.all([ada.enter('ada'), bob.enter('bob')])
    await ada.page.getByRole('button', { name: 'Teapot' }).click()
    const order = ada.page.getByRole('list', { name: 'On its way' }).getByRole('listitem').first()
    await order.locator('[aria-current=step]').getByText('delivered').waitFor()
    await bob.page.getByText('Nothing yet.').waitFor()
    // Who comes later finds the order as it stands.
    const later = await open(url)
    await later.enter('ada')
    await later.page.locator('[aria-current=step]').getByText('delivered').waitFor()
  })
})

test('sessions: a user with a token hears of their orders, and calls', async () => {
  const secret = 'another secret, of more than thirty-two bytes'
  const { url } = await start('sessions.mjs', { TOKEN_SECRET: secret })
  const token = await signToken({ sub: '42' }, secret)
  const client = new Centrifuge(url, { websocket: WebSocket, token })
  onTestFinished(() => client.disconnect())
  const orders = client.newSubscription('orders:42')
  const heard = new Promise<unknown>((resolve) => orders.once('publication', ({ data }) => resolve(data)))
  orders.subscribe()
  client.connect()
  expect((await client.rpc('getQuote', 'ABC')).data).toEqual({ symbol: 'ABC', price: 3, for: '42' })
  expect(await heard).toEqual({ status: 'still on its way' })
  expect(await (await fetch(new URL('/', url.replace('ws', 'http')))).text()).toBe('your own pages\n')
})

test('order-board: a token is for its user alone', async () => {
  const { url } = await start('order-board.mjs')
  const token = await (await fetch(`${url}token`, { method: 'POST', body: 'bob' })).text()
  expect((await fetch(`${url}token`, { method: 'POST', body: 'no name' })).status).toBe(403)
  const bob = new Centrifuge(`${url.replace('http', 'ws')}connection/websocket`, { websocket: WebSocket, token })
  onTestFinished(() => bob.disconnect())
  const ended = (channel: string): Promise<unknown> => {
    const subscription = bob.newSubscription(channel)
    subscription.subscribe()
    return new Promise((resolve) => {
      subscription.once('unsubscribed', resolve)
      subscription.once('subscribed', () => resolve('subscribed'))
    })
  }
  bob.connect()
  expect(await ended('orders:bob')).toBe('subscribed')
  expect(await ended('orders:ada')).toMatchObject({ code: 103 })
  await expect(bob.publish('orders:bob', { item: 'gold' })).rejects.toMatchObject({ code: 103 })
  await expect(bob.rpc('placeOrder', 'gold')).rejects.toMatchObject({ code: 404 })
})
