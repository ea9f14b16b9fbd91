import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import puppeteer from 'puppeteer-core'
import { WebSocketServer } from 'ws'

// playwright-core has a copy of `ws` bundled, which nothing can replace.
export const packages = ['puppeteer-core']
export const programs = ['chromium']

const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']

/** Drives Chromium over a WebSocket, and has a page of it talk to a server of the same `ws`. */
export async function play(check) {
  const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS })
  check('over a WebSocket', browser.wsEndpoint().startsWith('ws://127.0.0.1:'), true)
  const page = await browser.newPage()
  await page.setContent('<h1>hello</h1><button onclick="this.textContent = \'pressed\'">press</button>')
  check('text', await page.$eval('h1', (heading) => heading.textContent), 'hello')
  await page.click('button')
  check('click', await page.$eval('button', (button) => button.textContent), 'pressed')
  check('much to the page', await page.evaluate((text) => text.length, 'ü'.repeat(1_000_000)), 1_000_000)
  check('much from the page', (await page.evaluate(() => 'ü'.repeat(3_000_000))).length, 3_000_000)
  check('many at once', await Promise.all(Array.from({ length: 200 }, (_, n) => page.evaluate((of) => of, n))), [
    ...Array(200).keys(),
  ])
  const shot = await page.screenshot()
  check('screenshot', Buffer.from(shot.subarray(1, 4)).toString(), 'PNG')
  const failed = await page.evaluate(() => Promise.reject(new Error('on purpose'))).catch(({ message }) => message)
  check('an error of the page', failed.split('\n')[0])
  for (const perMessageDeflate of [false, true, { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 10 }]) {
    await conversation((what, ...values) => check(`${JSON.stringify(perMessageDeflate)}: ${what}`, ...values), page, {
      perMessageDeflate,
    })
  }
  const other = await puppeteer.connect({ browserWSEndpoint: browser.wsEndpoint() })
  check('a second connection', (await other.pages()).length, (await browser.pages()).length)
  const left = once(other, 'disconnected')
  await other.disconnect()
  await left
  const gone = once(browser, 'disconnected')
  await browser.close()
  await gone
  check('closed', browser.connected, false)
}

/** A page and a server. */
async function conversation(check, page, options) {
  const http = createServer((_request, response) => response.end('<title>page</title>')).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server = new WebSocketServer({ server: http, path: '/socket', ...options })
  server.on('connection', (socket, request) => {
    check('request', [request.headers['sec-websocket-extensions'], request.headers['sec-websocket-version']])
    socket.on('message', (data, isBinary) => {
      if (String(data) === 'close') socket.close(4000, 'as you like')
      else socket.send(data, { binary: isBinary })
    })
    socket.on('error', (error) => check('error', error))
  })
  const origin = `http://127.0.0.1:${http.address().port}`
  await page.goto(origin)
  const told = await page.evaluate(async () => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/socket`)
    socket.binaryType = 'arraybuffer'
    const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }))
    await next('open')
    const lengths = []
    const sent = ['', 'text', 'ü'.repeat(1_000), 'json '.repeat(50_000), new Uint8Array(300_000).fill(7)]
    for (let round = 0; round < 3; round++) {
      for (const data of sent) {
        const answer = next('message')
        socket.send(data)
        const got = (await answer).data
        const same = typeof data === 'string' ? got === data : new Uint8Array(got).every((byte) => byte === 7)
        lengths.push([got.length ?? got.byteLength, same])
      }
    }
    const closed = next('close')
    socket.send('close')
    const { code, reason, wasClean } = await closed
    return { extensions: socket.extensions, lengths, code, reason, wasClean }
  })
  check('echoes', told.lengths)
  check(
    'all the same',
    told.lengths.every(([, same]) => same),
    true,
  )
  // In which order parameters are told means nothing.
  check('extensions', told.extensions.split('; ').sort())
  check('closed', [told.code, told.reason, told.wasClean], [4000, 'as you like', true])
  check('digest', createHash('sha1').update(JSON.stringify(told.lengths)).digest('hex'))
  const refused = await page.evaluate(async () => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/elsewhere`)
    return await new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
  })
  check('another path', refused, 1006)
  server.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
}
