import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { hasChromium, launchChromium } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serveChannels } from '../support/served-channels.ts'

const SCRIPT = readFileSync(
  fileURLToPath(new URL('../../../../node_modules/centrifuge/dist/centrifuge.js', import.meta.url)),
)

/** A site on `localhost`, where a user is known by a cookie. Returns its origin. */
async function servePage(): Promise<string> {
  const site = createServer((request, response) => {
    const isScript = request.url === '/centrifuge.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    if (!isScript) response.setHeader('set-cookie', 'user=ann; SameSite=Lax')
    response.end(isScript ? SCRIPT : '<!doctype html><title>A site</title><script src="/centrifuge.js"></script>')
  })
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve))
  onTestFinished(() => void site.close())
  return `http://localhost:${(site.address() as AddressInfo).port}`
}

/** Connects from a page; returns who it is to the hub, or how that ended. */
const CONNECT = `async ({ hub, transport, isUnmodified }) => {
  const withCookies = isUnmodified ? {} : {
    fetch: (url, options) => fetch(url, { ...options, credentials: 'include' }),
    eventsource: class extends EventSource {
      constructor(url) {
        super(url, { withCredentials: true })
      }
    },
  }
  const endpoints = [{ transport, endpoint: hub + '/connection/' + transport }]
  const client = new Centrifuge(endpoints, { emulationEndpoint: hub + '/emulation', ...withCookies })
  window.client = client
  const failed = new Promise((resolve) => client.on('error', ({ error }) => resolve(error.message)))
  client.connect()
  return Promise.race([client.ready().then(() => client.rpc('whoami', {})).then(({ data }) => data), failed])
}`

describe.skipIf(!hasChromium)('a page of another origin', () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  async function visit(isAllowed: boolean) {
    const page = await servePage()
    const { port } = await serveChannels({
      authenticate: ({ header }) => ({ user: /user=(\w+)/.exec(header?.('cookie') ?? '')?.[1] ?? '' }),
      rpc: { whoami: (_data, { user }) => user },
      ...(isAllowed && { allowOrigins: [page] }),
    })
    const tab = await browser.newPage()
    onTestFinished(() => tab.close())
    await tab.goto(page)
    const connect = (transport: string, isUnmodified: boolean): Promise<unknown> =>
      tab.evaluate(`(${CONNECT})(${JSON.stringify({ hub: `http://localhost:${port}`, transport, isUnmodified })})`)
    return { connect }
  }

  test.each(['http_stream', 'sse'])(
    'is let in where that is said, over %s, with its cookies if it sends them',
    async (transport) => {
      const { connect } = await visit(true)
      expect(await connect(transport, false)).toBe('ann')
      expect(await connect(transport, true)).toBe('')
    },
  )

  test.each(['http_stream', 'sse'])('is not where nothing is said, over %s', async (transport) => {
    const { connect } = await visit(false)
    expect(await connect(transport, false)).toBe('transport closed')
  })
})
