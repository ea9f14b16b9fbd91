import type { AddressInfo } from 'node:net'
import { hasChromium, launchChromium } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blockWebSockets } from '../support/block-websockets.ts'
import { bundleScripts, endSharedWorkers, openTabs, type Scripts } from '../support/browser-tabs.ts'
import { serveHub } from '../support/served-hub.ts'

const HISTORY = {
  authenticate: ({ token }: { token?: string | undefined }) => ({ user: token ?? 'ann' }),
  rpc: { echo: (data: unknown) => data as string },
  namespaces: { '': { history: { size: 1000 } } },
}

describe.skipIf(!hasChromium).each(['worker', 'leader'] as const)('tabs of Chromium, by way of a %s', (way) => {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  let scripts: Scripts
  beforeAll(async () => {
    browser = await launchChromium({ keepsPages: true })
    scripts = await bundleScripts()
  })
  afterAll(() => browser?.close())

  test('have one connection, and keep it when one is closed, navigates or dies', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { asked, errors, open } = await openTabs(browser, scripts, served, way)
    const first = await open()
    await first.load()
    const tabs = [await open(), await open(), await open(), await open()] as const
    for (const tab of tabs) await tab.load()
    const [closed, navigated, crashed, last] = tabs
    expect(hub.sessions.stats).toMatchObject({ open: 1 })
    const id = await first.session()
    expect(await Promise.all(tabs.map((tab) => tab.session()))).toEqual([id, id, id, id])
    await hub.publish('orders', 1)
    for (const tab of [first, ...tabs]) await tab.shows(1)
    expect(await Promise.all(tabs.map((tab, n) => tab.call('echo', `of ${n}`)))).toEqual([
      'of 0',
      'of 1',
      'of 2',
      'of 3',
    ])
    await closed.page.close()
    await navigated.load()
    await crashed.crash()
    await hub.publish('orders', 2)
    for (const tab of [first, navigated, last]) await tab.shows(2)
    expect(await last.read('shown')).toEqual([1, 2])
    expect(await last.read('gaps')).toEqual([])
    expect(hub.sessions.stats).toMatchObject({ open: 1 })
    expect(asked.has('/share-worker.js')).toBe(way === 'worker')
    expect(errors).toEqual([])
  })
  test('go on when the tab that came first dies, and when the next one navigates', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { errors, open } = await openTabs(browser, scripts, served, way)
    const tabs = [await open(), await open(), await open()] as const
    for (const tab of tabs) await tab.load()
    const [first, second, third] = tabs
    await hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
    await first.crash()
    await hub.publish('orders', 2)
    for (const tab of [second, third]) await tab.shows(2)
    await second.load()
    await hub.publish('orders', 3)
    for (const tab of [second, third]) await tab.shows(3)
    expect(await third.read('shown')).toEqual([1, 2, 3])
    expect(await third.read('gaps')).toEqual([])
    expect(await third.session()).toBe(await second.session())
    expect(hub.sessions.stats).toMatchObject({ connected: 1 })
    expect(errors).toEqual([])
  })

  test('go on while the one that came first is stopped, and that one misses nothing', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { errors, open } = await openTabs(browser, scripts, served, way)
    const [first, second] = [await open(), await open()]
    await first.load()
    await second.load()
    const resume = await first.stop()
    await hub.publish('orders', 1)
    await second.shows(1)
    await hub.publish('orders', 2)
    await second.shows(2)
    // In the page of the first the connection was, or not.
    expect((await second.read('states')).filter((state) => state === 'connecting lost').length).toBe(
      way === 'leader' ? 1 : 0,
    )
    await resume()
    await first.shows(2)
    await hub.publish('orders', 3)
    for (const tab of [first, second]) {
      await tab.shows(3)
      expect(await tab.read('shown')).toEqual([1, 2, 3])
      expect(await tab.read('gaps')).toEqual([])
    }
    expect(await first.session()).toBe(await second.session())
    expect(hub.sessions.stats).toMatchObject({ connected: 1 })
    expect(errors).toEqual([])
  })

  test('that are left are put away without the connection, and miss nothing when one goes back to them', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { errors, open } = await openTabs(browser, scripts, served, way)
    const [first, second] = [await open(), await open()]
    await first.load()
    await second.load()
    await hub.publish('orders', 1)
    await first.shows(1)
    await first.page.goto(`${served.url}elsewhere`)
    await hub.publish('orders', 2)
    await second.shows(2)
    await first.goBack()
    await first.shows(2)
    await hub.publish('orders', 3)
    for (const tab of [first, second]) {
      await tab.shows(3)
      expect(await tab.read('shown')).toEqual([1, 2, 3])
      expect(await tab.read('gaps')).toEqual([])
    }
    expect(hub.sessions.stats).toMatchObject({ connected: 1 })
    expect(errors).toEqual([])
  })

  test('are all told by the same reason that the server is gone, and come back to the next as one', async () => {
    const served = await serveHub(HISTORY)
    const next = await serveHub(HISTORY)
    const { errors, open } = await openTabs(browser, scripts, served, way)
    const tabs = [await open(), await open(), await open()] as const
    for (const tab of tabs) await tab.load()
    await served.hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
    served.line.retarget((next.server.address() as AddressInfo).port)
    await served.hub.close()
    for (const tab of tabs) await tab.connectedAgain()
    await next.hub.publish('orders', 2)
    for (const tab of tabs) {
      await tab.shows(2)
      expect(await tab.read('states')).toContain('connecting shutdown')
      // What the other hub knew is lost with it, and told.
      expect(await tab.read('gaps')).toMatchObject([{ reason: 'epoch-changed' }])
      expect(await tab.read('shown')).toEqual([1, 2])
    }
    expect(next.hub.sessions.stats).toMatchObject({ connected: 1 })
    expect(errors).toEqual([])
  })

  test('go over HTTP where there are no WebSockets, and the pages of tomorrow begin there', async () => {
    const served = await serveHub(HISTORY)
    const { server, hub } = served
    const { errors, open } = await openTabs(browser, scripts, served, way)
    blockWebSockets(server, 'refused')
    const tabs = [await open(), await open()] as const
    for (const tab of tabs) await tab.load({ transports: ['webSocket', 'httpStream'] })
    expect(await tabs[0].read('states')).toContain('connecting unreachable')
    await hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
    expect(await tabs[1].call('echo', 'of one')).toBe('of one')
    expect(hub.sessions.stats).toMatchObject({ connected: 1 })
    const kept = await tabs[0].page.evaluate(() => Object.entries(localStorage))
    expect(kept).toEqual([
      [expect.stringMatching(/^wigwag-transport 127\./), expect.stringMatching(/^\d+ http-stream$/)],
    ])
    for (const tab of tabs) await tab.page.goto('about:blank')
    await tabs[0].load({ transports: ['webSocket', 'httpStream'] })
    expect(await tabs[0].read('states')).toEqual(['connecting connectCalled', 'connected'])
    expect(errors).toEqual([])
  })

  test('of two users have two connections, and hear nothing that is for the other', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { errors, open } = await openTabs(browser, scripts, served, way)
    const tabs = [await open(), await open(), await open()] as const
    const [ann, bob, annToo] = tabs
    await ann.load({ token: 'ann' })
    await bob.load({ token: 'bob' })
    await annToo.load({ token: 'ann' })
    expect(hub.sessions.stats).toMatchObject({ connected: 2, users: 2 })
    expect(await ann.session()).toBe(await annToo.session())
    hub.sessions.get(await ann.session())?.send('for ann')
    await hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
    expect(await Promise.all(tabs.map((tab) => tab.read('messages')))).toEqual([['for ann'], [], ['for ann']])
    expect(errors).toEqual([])
  })
})

describe.skipIf(!hasChromium)('tabs of Chromium', () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test('share by one of them where the script of the worker cannot be had', async () => {
    const scripts = new Map(await bundleScripts())
    scripts.delete('/share-worker.js')
    const served = await serveHub(HISTORY)
    const { asked, open } = await openTabs(browser, scripts, served, 'worker')
    const tabs = [await open(), await open()]
    for (const tab of tabs) await tab.load()
    expect(asked.has('/share-worker.js')).toBe(true)
    expect(served.hub.sessions.stats).toMatchObject({ open: 1 })
    await served.hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
  })

  test('come back when the worker itself ends, and miss nothing', async () => {
    const served = await serveHub(HISTORY)
    const { hub } = served
    const { open } = await openTabs(browser, await bundleScripts(), served, 'worker')
    const tabs = [await open(), await open()]
    // The browser takes a moment to see that it is gone: whoever comes before that waits for it.
    for (const tab of tabs) await tab.load({ minDelayMs: 300, maxDelayMs: 600 })
    await hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
    await endSharedWorkers(browser)
    await hub.publish('orders', 2)
    for (const tab of tabs) {
      await tab.shows(2)
      expect(await tab.read('states')).toContain('connecting lost')
      expect(await tab.read('shown')).toEqual([1, 2])
      expect(await tab.read('gaps')).toEqual([])
    }
    expect(hub.sessions.stats).toMatchObject({ connected: 1 })
  })

  test('wait for a worker that has to wait for its own lock, and do not take it for gone', async () => {
    const scripts = new Map(await bundleScripts())
    const slow = `{ const { request } = LockManager.prototype
      LockManager.prototype.request = async function (...given) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        return request.apply(this, given)
      } }\n`
    scripts.set('/share-worker.js', slow + scripts.get('/share-worker.js'))
    const served = await serveHub(HISTORY)
    const { errors, open } = await openTabs(browser, scripts, served, 'worker')
    const tab = await open()
    await tab.load()
    expect(await tab.read('states')).toEqual(['connecting connectCalled', 'connected'])
    expect(errors).toEqual([])
  })

  test('are not heard of by who leads before they hold the lock that says that they are there', async () => {
    const served = await serveHub(HISTORY)
    const { errors, open } = await openTabs(browser, await bundleScripts(), served, 'leader')
    const tab = await open()
    await tab.page.addInitScript(() => {
      const { request } = LockManager.prototype
      const known = new Set<string>()
      // Its own comes late; who leads asks for the same, and later.
      LockManager.prototype.request = async function (
        this: LockManager,
        ...given: [string, LockOptions, LockGrantedCallback<unknown>]
      ) {
        const [name] = given
        const isLate = name.startsWith('wigwag tab') && !known.has(name)
        known.add(name)
        if (isLate) await new Promise((resolve) => setTimeout(resolve, 200))
        return request.apply(this, given)
      } as typeof request
    })
    await tab.load()
    expect(await tab.read('states')).toEqual(['connecting connectCalled', 'connected'])
    expect(errors).toEqual([])
  })

  test('have a connection each where they may not have locks', async () => {
    const served = await serveHub(HISTORY)
    const { open } = await openTabs(browser, await bundleScripts(), served, 'leader')
    const tabs = [await open(), await open()]
    for (const tab of tabs) {
      await tab.page.addInitScript(() => {
        navigator.locks.request = () => Promise.reject(new DOMException('not here', 'SecurityError'))
      })
      await tab.load()
    }
    expect(served.hub.sessions.stats).toMatchObject({ open: 2 })
    await served.hub.publish('orders', 1)
    for (const tab of tabs) await tab.shows(1)
  })
})
