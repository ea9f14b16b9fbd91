import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client, Gap, Subscription, webSocket } from '@wigwag/client'
import type { httpStream } from '@wigwag/client/http-stream'
import type { launchChromium } from '@wigwag/testkit'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import type { ServedHub } from './served-hub.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

/** Scripts as a bundler leaves them, by their names: what pages load, and beside it the shared worker. */
export type Scripts = ReadonlyMap<string, string>

/** Bundles the client with the parts that are loaded later. */
export async function bundleScripts(): Promise<Scripts> {
  const file = (name: string): string => fileURLToPath(new URL(`../../src/${name}.ts`, import.meta.url))
  const { outputFiles } = await build({
    entryPoints: {
      client: file('index'),
      'http-stream': file('http/http-stream'),
      'share-worker': file('tabs/share-worker'),
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@wigwag/source'],
    outdir: '/',
    write: false,
  })
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]))
}

const PAGE = `<!doctype html><title>Orders</title>
<script type="module">
import { Client, webSocket } from '/client.js'
import { httpStream } from '/http-stream.js'
Object.assign(globalThis, { Client, webSocket, httpStream })
</script>`

/** What a tab has. */
interface Here {
  Client: typeof Client
  webSocket: typeof webSocket
  httpStream: typeof httpStream
  client: Client
  orders: Subscription
  shown: unknown[]
  gaps: Gap[]
  messages: unknown[]
  /** Phases, and the reasons of those that have one. */
  states: string[]
}

/** How a tab's client is made. */
interface LoadOptions {
  readonly token?: string
  readonly minDelayMs?: number
  readonly maxDelayMs?: number
  readonly transports?: readonly ('webSocket' | 'httpStream')[]
}

/** A tab of a browser, with a client that shares its connection. */
class BrowserTab {
  readonly page: Page
  readonly #url: string

  constructor(page: Page, url: string) {
    this.page = page
    this.#url = url
  }

  /** Loads the page, and subscribes. */
  async load({ transports, ...options }: LoadOptions = {}): Promise<void> {
    await this.page.goto(this.#url)
    await this.page.evaluate(
      async ({ given, names }) => {
        const here = globalThis as unknown as Here
        here.shown = []
        here.gaps = []
        here.messages = []
        here.states = []
        here.client = new here.Client('/', {
          share: true,
          minDelayMs: 1,
          maxDelayMs: 50,
          probeTimeoutMs: 500,
          ...given,
          ...(names && { transports: names.map((name) => here[name]()) }),
        })
        here.client.on('state', (state) =>
          here.states.push('reason' in state ? `${state.phase} ${state.reason.name}` : state.phase),
        )
        here.client.on('message', (message) => here.messages.push(message))
        here.orders = here.client.subscribe('orders', { onGap: (gap) => here.gaps.push(gap) })
        here.orders.on('publication', ({ data }) => here.shown.push(data))
        await here.orders.ready()
      },
      { given: options, names: transports },
    )
  }

  /** Goes back to the page that was left, which is as it was then. */
  async goBack(): Promise<void> {
    // It is there at once, so that nothing is loaded that could be waited for.
    await this.page.evaluate(() => history.back()).catch(() => {})
    await this.page.waitForFunction(() => 'client' in globalThis)
  }

  /** Resolves when the last that was shown is `data`. */
  async shows(data: unknown): Promise<void> {
    await this.page.waitForFunction((last) => (globalThis as unknown as Here).shown.at(-1) === last, data)
  }

  read(key: 'shown' | 'gaps' | 'states' | 'messages'): Promise<unknown[]> {
    return this.page.evaluate((name) => (globalThis as unknown as Here)[name] as unknown[], key)
  }

  call(method: string, data: string): Promise<unknown> {
    return this.page.evaluate(([name, sent]) => (globalThis as unknown as Here).client.rpc(name as string, sent), [
      method,
      data,
    ] as const)
  }

  /** The session's id. */
  session(): Promise<string> {
    return this.page.evaluate(() => {
      const { state } = (globalThis as unknown as Here).client
      return state.phase === 'connected' ? state.client : state.phase
    })
  }

  /** Resolves when it is subscribed. */
  async ready(): Promise<void> {
    await this.page.evaluate(() => (globalThis as unknown as Here).orders.ready())
  }

  /** Resolves when it is connected, not for the first time. */
  async connectedAgain(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { states } = globalThis as unknown as Here
      return states.at(-1) === 'connected' && states.filter((state) => state === 'connected').length > 1
    })
  }

  cdp(): ReturnType<ReturnType<Page['context']>['newCDPSession']> {
    return this.page.context().newCDPSession(this.page)
  }

  /** Its process dies in the midst of things. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    // It cannot answer.
    void (await this.cdp()).send('Page.crash').catch(() => {})
    await crashed
  }

  /** Nothing runs in it any more, as when a browser freezes what nobody looks at. Returns what ends that. */
  async stop(): Promise<() => Promise<void>> {
    const cdp = await this.cdp()
    const paused = new Promise((resolve) => cdp.once('Debugger.paused', resolve))
    await cdp.send('Debugger.enable')
    await cdp.send('Debugger.pause')
    // It stops at the next statement, and this is one.
    void cdp.send('Runtime.evaluate', { expression: '0' }).catch(() => {})
    await paused
    return () => cdp.detach()
  }
}

/** A browser's tabs. */
interface OpenTabs {
  /** What was asked of the server, by plain requests. */
  readonly asked: ReadonlySet<string>
  /** What no page has caught. */
  readonly errors: readonly unknown[]
  open(): Promise<BrowserTab>
}

/** Opens tabs of one browser on a hub's pages. `way`: what they may share a connection by. */
export async function openTabs(
  browser: Browser,
  scripts: Scripts,
  { server, url }: ServedHub,
  way: 'worker' | 'leader',
): Promise<OpenTabs> {
  const asked = new Set<string>()
  server.on('request', (request, response) => {
    asked.add(request.url ?? '')
    if (response.headersSent || response.writableEnded) return
    const script = scripts.get(request.url ?? '')
    response.setHeader('content-type', script === undefined ? 'text/html; charset=utf-8' : 'text/javascript')
    response.end(script ?? PAGE)
  })
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  if (way === 'leader') await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
  const errors: unknown[] = []
  return {
    asked,
    errors,
    open: async () => {
      const page = await context.newPage()
      page.on('pageerror', (error) => errors.push(error))
      return new BrowserTab(page, url)
    },
  }
}

/** Ends the shared workers of a browser, in the midst of things. */
export async function endSharedWorkers(browser: Browser): Promise<void> {
  const cdp = await browser.newBrowserCDPSession()
  const { targetInfos } = await cdp.send('Target.getTargets')
  for (const { type, targetId } of targetInfos) {
    if (type !== 'shared_worker') continue
    const { sessionId } = await cdp.send('Target.attachToTarget', { targetId, flatten: false })
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'close()' } })
    await cdp.send('Target.sendMessageToTarget', { sessionId, message })
  }
  await cdp.detach()
}
