import { fileURLToPath } from 'node:url'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, hasChromium, launchChromium } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'

const program = fileURLToPath(new URL('../express-ws.mjs', import.meta.url))

async function start(pingInterval: number): Promise<{ server: ChildProgram; url: string }> {
  const env = { PORT: '0', PING_INTERVAL: String(pingInterval) }
  const server = new ChildProgram(process.execPath, [program], env)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const [url] = await server.waitFor(/http:\/\/\S+/)
  return { server, url }
}

test.skipIf(!hasChromium)('Express and ws on one port: the page, its messages, pings that it answers', async () => {
  const { server, url } = await start(1000)
  const browser = await launchChromium()
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByText('Connected', { exact: true }).waitFor()
  await page.getByText('someone said: hello from the page').waitFor()
  expect(await page.locator('#messages li').allInnerTexts()).toEqual([
    'something from the server',
    'someone said: hello from the page',
  ])
  await server.waitFor(/received: hello from the page/)
  await server.waitFor(/pong\n(?:.*\n)*pong/)
})

test('who does not answer a ping is dropped, and others are not', async () => {
  const { server, url } = await start(200)
  let silentEnded: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => (silentEnded = resolve))
  const answering = await connectWebSocket(url)
  await connectWebSocket(url, { autoPong: false, close: (_socket, { code }) => silentEnded(code) })
  expect(await ended).toBe(1006)
  await server.waitFor(/pong/)
  expect(answering.phase).toBe('open')
  answering.terminate()
})

test('other paths are those of Express', async () => {
  const { url } = await start(2000)
  expect((await fetch(`${url}nothing`)).status).toBe(404)
})
