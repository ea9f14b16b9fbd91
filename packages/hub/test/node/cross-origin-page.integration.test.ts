import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AuthenticationRefusal } from '@wigwag/hub'
import { hasChromium, launchChromium } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

/** What a page of another origin can do with every transport, with and without its user's cookie. */
const ASK = `async (url) => {
  const told = []
  const events = (options) => new Promise((resolve) => {
    const source = new EventSource(url, options)
    source.onmessage = ({ data, lastEventId }) => { source.close(); resolve(data) }
    source.onerror = () => resolve(source.readyState === 2 ? 'closed' : 'comes back')
  })
  const lines = async (init) => {
    const abort = new AbortController()
    const answer = await fetch(url, { ...init, signal: abort.signal, headers: { accept: 'application/x-ndjson', 'last-event-id': told[0] } })
    if (!answer.ok) return answer.status
    let text = ''
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (text.includes('"data"')) break
    }
    abort.abort()
    return JSON.parse(text.split('\\n').find((line) => line.includes('"data"'))).data
  }
  const read = async (query, headers) => {
    const answer = await fetch(url + query, { credentials: 'include', headers })
    return { status: answer.status, tag: answer.headers.get('etag'), date: answer.headers.get('last-modified'), gap: answer.headers.get('wigwag-gap') }
  }
  const include = { credentials: 'include' }
  const first = await fetch(url, include)
  told.push(first.headers.get('etag').replaceAll('"', '').replace(/\\d+$/, '0'))
  return {
    events: [await events(), await events({ withCredentials: true })],
    lines: [await lines({}), await lines(include)],
    latest: await first.text(),
    byTag: await read('', { 'if-none-match': first.headers.get('etag') }),
    byTime: await read('', { 'if-modified-since': new Date(Date.now()).toUTCString() }),
    gap: await read('?wait=1', { 'if-none-match': '"another:1"' }),
    posted: [
      (await fetch(url, { method: 'POST', body: '1', headers: { 'content-type': 'application/json', 'idempotency-key': 'k' } })).status,
      (await fetch(url, { ...include, method: 'POST', body: '1', headers: { 'content-type': 'application/json', 'idempotency-key': 'k' } })).status,
    ],
    anonymous: await (await fetch(url)).text(),
  }
}`

test.skipIf(!hasChromium)(
  'a page of another origin uses every transport with its user’s cookie, if that origin is allowed, and reads why not without it',
  async () => {
    const pages = createServer((_request, response) => {
      response.setHeader('set-cookie', 'user=ann; Path=/; HttpOnly')
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Elsewhere</title>')
    })
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
    const origin = `http://localhost:${(pages.address() as AddressInfo).port}`
    const { port, hub } = await serveChannels({
      allowOrigins: [origin],
      authenticate: ({ header }) =>
        header?.('cookie') === 'user=ann' ? { user: 'ann' } : new AuthenticationRefusal('invalid', 'Log in first.'),
      namespaces: { '': { subscribe: 'user', publish: 'user' } },
    })
    onTestFinished(() => {
      pages.close()
    })
    await hub.publish('a', 'hello')
    const browser = await launchChromium()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    await page.goto(origin)
    // An event stream has what comes from now on.
    const timer = setInterval(() => void hub.publish('a', 'hello'), 50)
    onTestFinished(() => clearInterval(timer))
    const told = await page.evaluate(`(${ASK})('http://localhost:${port}/channel/a')`)
    expect(told).toMatchObject({
      events: ['closed', 'hello'],
      lines: [403, 'hello'],
      latest: 'hello',
      byTag: { status: 200, tag: expect.stringMatching(/^".+:\d+"$/), date: expect.stringContaining('GMT') },
      byTime: { status: 304, tag: expect.stringMatching(/^".+:\d+"$/), date: expect.stringContaining('GMT') },
      gap: { status: 200, gap: 'epoch-changed' },
      posted: [403, 200],
      anonymous: expect.stringContaining('invalid token'),
    })
    // A page of an origin that is not allowed is told nothing.
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}`)
    const foreign = await page.evaluate(
      `fetch('http://127.0.0.1:${port}/channel/a').then(() => 'read', (error) => error.message)`,
    )
    expect(foreign).toBe('Failed to fetch')
  },
)
