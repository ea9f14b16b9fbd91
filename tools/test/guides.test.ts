import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client, type ClientOptions, type SubscriptionReason, webSocket } from '@wigwag/client'
import { createHub, type NodeHub } from '@wigwag/hub/node'
import { ChildProgram, hasChromium, launchChromium, runWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { Guide, hasModule } from './support/guide.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>

const post = (url: string) => fetch(url, { method: 'POST' })

/** A client in Node, with a cookie if there is one. */
function connect(url: string, options: ClientOptions & { readonly cookie?: string } = {}): Client {
  const { cookie, ...others } = options
  class CookieWebSocket extends WebSocket {
    constructor(address: string) {
      super(address, cookie === undefined ? {} : { headers: { cookie } })
    }
  }
  const client = new Client(url, { transports: [webSocket({ WebSocket: CookieWebSocket })], ...others })
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

/** Serves hubs at their base paths, for as long as a test lasts. */
async function serveHubs(hubs: Readonly<Record<string, NodeHub>>): Promise<string> {
  const server = createServer()
  for (const [basePath, hub] of Object.entries(hubs)) hub.attach(server, { basePath })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await Promise.all(Object.values(hubs).map((hub) => hub.close()))
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Why a subscription comes to nothing. */
const refusal = (client: Client, channel: string): Promise<SubscriptionReason> =>
  new Promise((resolve) => client.subscribe(channel).on('unsubscribed', ({ reason }) => resolve(reason)))

describe.skipIf(!hasChromium)('the guides, as they stand there', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  /** A page of somebody with cookies of their own. */
  async function open(url: string) {
    const context = await browser.newContext()
    context.setDefaultTimeout(20_000)
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(url)
    return {
      page,
      said: (text: string) => page.getByText(text, { exact: true }).waitFor(),
      lines: (selector = 'li') => page.locator(selector).allInnerTexts(),
      /** Has it try again now rather than in a while. */
      hurry: () => page.evaluate(() => dispatchEvent(new Event('online'))),
    }
  }

  describe('push to a page', () => {
    test('it shows what happens, what happened while it was away, and begins anew where that cannot be known', async () => {
      const guide = new Guide('push-to-a-page')
      guide.write('')
      guide.run('', 'npx esbuild')
      const { url, direct, line, restart } = await guide.serve()
      const { page, said, lines, hurry } = await open(url)
      await said('connected')
      await post(`${url}orders/7/paid`)
      await said('order 7 is paid')
      line.cut()
      await said('connecting')
      await post(`${direct}orders/7/shipped`)
      await post(`${direct}orders/8/paid`)
      line.mend()
      await hurry()
      await said('order 8 is paid')
      expect(await lines()).toEqual(['order 7 is paid', 'order 7 is on its way', 'order 8 is paid'])

      const loaded = page.waitForEvent('load')
      await restart()
      await hurry()
      await loaded
      await said('connected')
      expect(await lines()).toEqual([])
    })

    test('a channel is watched from a shell, and who is not let in hears what the guide says', async () => {
      const guide = new Guide('push-to-a-page')
      guide.write('')
      const { url } = await guide.serve()
      const [curl = '', watch = ''] = guide
        .named('shell: watch')
        .replaceAll('localhost:8080', new URL(url).host)
        .split('\n')
      const stream = new ChildProgram('sh', ['-c', `exec ${curl}`])
      const socket = runWigwag(watch.replace('npx wigwag ', '').split(' '))
      onTestFinished(async () => {
        await stream[Symbol.asyncDispose]()
        await socket[Symbol.asyncDispose]()
      })
      await stream.waitFor(/: live/)
      for (let n = 0; !socket.stdout.includes('shipped'); n++) {
        await post(`${url}orders/${n}/shipped`)
        await stream.waitFor(new RegExp(`event: shipped\\ndata: \\{"id":"${n}","status":"shipped"\\}`))
      }

      expect((await fetch(`${url}connection/websocket`)).status).toBe(426)
      expect(await refusal(connect(url), 'nothing:here')).toMatchObject({ code: 102 })
      const { page } = await open(url)
      const failed = page.waitForEvent('pageerror')
      await page.addScriptTag({ type: 'module', content: "import '@wigwag/client'" }).catch(() => {})
      expect((await failed).message).toContain('Failed to resolve module specifier "@wigwag/client"')

      writeFileSync(
        join(guide.folder, 'cookie.mjs'),
        `import { createServer } from 'node:http'
        import { refuse } from '@wigwag/hub'
        import { createHub } from '@wigwag/hub/node'
        const userOfCookie = async (cookie) => (cookie ? { id: cookie } : undefined)
        ${guide.named('sample: cookie')}
        const server = createServer()
        hub.attach(server)
        server.listen(0, '127.0.0.1', () => console.log(\`http://localhost:\${server.address().port}\`))`,
      )
      const shop = await guide.serve('cookie.mjs')
      const nobody = connect(shop.url)
      await expect(nobody.ready()).rejects.toMatchObject({
        reason: { name: 'refused', text: 'connect: Log in first.' },
      })
      const customer = connect(shop.url, { cookie: '42' })
      await customer.subscribe('orders:42').ready()
      await customer.subscribe('inbox#42').ready()
      expect(await refusal(customer, 'orders:43')).toMatchObject({ code: 103 })
      expect(await refusal(customer, 'inbox#43')).toMatchObject({ code: 103 })
    })

    test('a late page shows what there is, and then what changes', async () => {
      const guide = new Guide('push-to-a-page')
      guide.write('', 'Show what there is, then what changes')
      guide.run('', 'npx esbuild')
      const { url, restart } = await guide.serve()
      await post(`${url}orders/7/paid`)
      const { said, lines, hurry } = await open(url)
      await said('order 7 is paid')
      await said('connected')
      await post(`${url}orders/7/shipped`)
      await said('order 7 is shipped')
      await restart()
      await post(`${url}orders/9/paid`)
      await hurry()
      await said('order 9 is paid')
      expect(await lines()).toEqual(['order 9 is paid'])
    })
  })

  describe('from Socket.IO', () => {
    /** Ann and Bob talk. What each of them is shown, by the script of a page. */
    async function chat(program: string, script: string) {
      const guide = new Guide('from-socket-io')
      guide.write('')
      guide.run('', 'npx esbuild')
      if (script !== 'page.js') copyFileSync(join(guide.folder, script), join(guide.folder, 'public/page.js'))
      const { url, direct, line } = await guide.serve(program)
      const nobody = await open(`${url}?user=`)
      await nobody.page.getByText('Who are you?').waitFor()
      const ann = await open(`${url}?user=ann`)
      const bob = await open(`${direct}?user=bob`)
      await Promise.all([ann.said('joined'), bob.said('joined')])
      const say = async ({ page }: typeof ann, text: string, to = '') => {
        await page.getByPlaceholder('Say something').fill(text)
        await page.getByPlaceholder('to all').fill(to)
        await page.getByRole('button').click()
      }
      await say(bob, 'hello')
      await Promise.all([ann.said('bob: hello'), bob.said('bob: hello')])
      await say(ann, 'hi', 'bob')
      await Promise.all([ann.said('to bob: hi'), bob.said('ann whispers: hi')])
      line.cut()
      for (const text of ['one', 'two']) {
        await say(bob, text)
        await bob.said(`bob: ${text}`)
      }
      line.mend()
      return { ann, bob, say }
    }

    /** What people said, without what the page says of its connection. */
    const said = (lines: readonly string[]) => lines.filter((each) => each.includes(': '))

    test('the chat on the hub: rooms, acknowledgements, users, and nothing is missed', async () => {
      const { ann, bob } = await chat('server.mjs', 'page.js')
      await ann.hurry()
      await ann.said('bob: two')
      expect(said(await ann.lines())).toEqual(['bob: hello', 'to bob: hi', 'bob: one', 'bob: two'])
      expect(said(await bob.lines())).toEqual(['bob: hello', 'ann whispers: hi', 'bob: one', 'bob: two'])
    })

    test.skipIf(!hasModule('socket.io'))('the chat on Socket.IO: the same, but for what is missed', async () => {
      const { ann, bob, say } = await chat('before.mjs', 'before.js')
      await ann.page.getByText('joined').nth(1).waitFor()
      await say(bob, 'three')
      await ann.said('bob: three')
      expect(said(await ann.lines())).toEqual(['bob: hello', 'to bob: hi', 'bob: three'])
    })

    test('what the table says is called otherwise, does what it says', async () => {
      const hub = createHub({
        authenticate: ({ token = '' }) => ({ user: token, channels: ['news'] }),
        namespaces: {
          '': {},
          room: { publish: 'user', presence: true },
          ghosts: { history: { size: 0 }, slowConsumer: { policy: 'drop-newest' } },
          places: { recover: 'cache', slowConsumer: { policy: 'conflate', key: () => 'one' } },
        },
        onMessage: (data, session) => session.send({ seen: data }),
      })
      const admin = createHub()
      const url = await serveHubs({ '': hub, '/admin': admin })
      await connect(`${url}admin/`).ready()
      const [ann, bob] = [connect(url, { token: 'ann' }), connect(url, { token: 'bob' })]
      const heard: unknown[] = []
      ann.on('publication', ({ channel, data }) => heard.push([channel, data]))
      const room = ann.subscribe('room:a')
      const isMine = (client: string | undefined) => ann.state.phase === 'connected' && client === ann.state.client
      room.on('publication', ({ data, info }) => heard.push(isMine(info?.client) ? 'mine' : data))
      await Promise.all([room.ready(), bob.subscribe('room:a').ready(), ann.subscribe('ghosts:1').ready()])
      await room.publish('said')
      await bob.publish('room:a', 'hi')
      await hub.publish('room:a', new Uint8Array([1, 2, 3]))
      await hub.broadcast(['room:a', 'news'], 'both')
      await hub.sessions.subscribe({ user: 'ann' }, 'room:b')
      await hub.publish('room:b', 'joined')
      expect((await hub.presence('room:a')).size).toBe(2)
      expect((await hub.connections('ann')).items).toMatchObject([{ user: 'ann' }])
      if (ann.state.phase === 'connected') hub.sessions.get(ann.state.client)?.send('to one')
      const answers: unknown[] = []
      const answered = new Promise((resolve) =>
        ann.on('message', (data) => answers.push(data) === 2 && resolve(undefined)),
      )
      await ann.send('typing')
      await answered
      expect(answers).toEqual(['to one', { seen: 'typing' }])
      expect(heard).toEqual(['mine', 'hi', 'AQID', 'both', ['news', 'both'], ['room:b', 'joined']])
      expect(() => ann.subscribe('room:a')).toThrow('There is a subscription to room:a')
      await expect(bob.publish('news', 'x')).rejects.toMatchObject({ code: 'ERR_REPLY', number: 103 })
    })

    test.skipIf(!hasModule('socket.io'))('both on one server', async () => {
      const guide = new Guide('from-socket-io')
      guide.write('One event at a time')
      const { url } = await guide.serve('both.mjs')
      const { page } = await open(`${url}socket.io/socket.io.js`)
      await page.addScriptTag({ url: `${url}socket.io/socket.io.js` })
      const theirs = page.evaluate("new Promise((resolve) => io().on('price', resolve))")
      const ours = new Promise((resolve) =>
        connect(url)
          .subscribe('prices:ABC', { on: { price: resolve } })
          .on('error', resolve),
      )
      expect(await Promise.all([theirs, ours])).toEqual(Array(2).fill({ symbol: 'ABC', cents: 300 }))
    })
  })

  test('from EventSource: the same page on the hub misses nothing, and that of the client beside it', async () => {
    const guide = new Guide('from-eventsource')
    guide.write('Only the server', 'Where an EventSource ends')
    guide.run('Where an EventSource ends', 'npx esbuild')
    const stream = join(guide.folder, 'public/stream.html')
    const html = readFileSync(stream, 'utf8')
    writeFileSync(join(guide.folder, 'public/old.html'), html.replace("'/channel/shop:orders'", "'/events'"))
    const old = await guide.serve('before.mjs')
    const before = await open(`${old.url}old.html`)
    await before.said('open')
    await post(`${old.url}orders/7/paid`)
    await before.said('order 7 is paid')

    const { url, direct, line } = await guide.serve()
    const [streamed, live] = [await open(`${url}stream.html`), await open(url)]
    await Promise.all([streamed.said('open'), live.said('connected')])
    await post(`${url}orders/7/paid`)
    await Promise.all([streamed.said('order 7 is paid'), live.said('order 7 is paid')])
    line.cut()
    await Promise.all([streamed.said('away'), live.said('connecting')])
    await post(`${direct}orders/7/shipped`)
    await post(`${direct}orders/8/shipped`)
    line.mend()
    await live.hurry()
    for (const page of [streamed, live]) {
      await page.said('order 8 is on its way')
      expect(await page.lines()).toEqual(['order 7 is paid', 'order 7 is on its way', 'order 8 is on its way'])
    }
  })

  describe('from polling', () => {
    test('the page asks when there is something, and never meanwhile', async () => {
      const guide = new Guide('from-polling')
      guide.write('Ask when there is something')
      guide.run('Ask when there is something', 'npx esbuild')
      const { url, direct, line } = await guide.serve()
      await post(`${url}orders/7/paid`)
      const [before, after] = [await open(`${url}before.html`), await open(url)]
      let asked = 0
      await Promise.all([before.said('order 7 is paid'), after.said('order 7 is paid')])
      after.page.on('request', (request) => request.url().endsWith('/orders') && asked++)
      await before.page.waitForRequest(/orders$/)
      expect(asked).toBe(0)
      await post(`${url}orders/7/shipped`)
      await after.said('order 7 is shipped')
      expect(asked).toBe(1)

      line.cut()
      await post(`${direct}orders/8/paid`)
      line.mend()
      await after.hurry()
      await after.said('order 8 is paid')
      expect(await after.lines()).toEqual(['order 7 is shipped', 'order 8 is paid'])
    })

    test('or it is told what has changed, and asks no more', async () => {
      const guide = new Guide('from-polling')
      guide.write('Ask when there is something', 'Send what has changed')
      guide.run('Ask when there is something', 'npx esbuild')
      const { url } = await guide.serve()
      await post(`${url}told/7/paid`)
      const { page, said } = await open(url)
      await said('order 7 is paid')
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      await post(`${url}told/7/shipped`)
      await said('order 7 is shipped')
      expect(asked).toEqual([])

      const host = new URL(url).host
      const [latest, wait, tagged] = guide.named('shell: poll').replaceAll('localhost:8080', host).split('\n')
      const shell = async (line = '') =>
        (await new ChildProgram('sh', ['-c', `cd ${guide.folder} && ${line}`]).exit).stdout
      await post(`${url}orders/7/paid`)
      expect(JSON.parse(await shell(latest))).toEqual({ type: 'changed', id: '7' })
      for (const each of [wait, tagged]) expect(await shell(each)).toContain('"id":"7"')
      const next = shell(tagged)
      await post(`${url}orders/8/paid`)
      expect(JSON.parse(await next)).toMatchObject([{ data: { id: '8' } }])
    })
  })

  describe('when WebSocket is blocked', () => {
    /** The page in a network that does something with WebSockets. */
    async function blocked(how: string, options = 'connectTimeoutMs: 2000') {
      const guide = new Guide('websocket-blocked')
      guide.write('', 'Block it yourself')
      const page = join(guide.folder, 'page.js')
      writeFileSync(page, readFileSync(page, 'utf8').replace('transports', `${options}, transports`))
      guide.run('', 'npx esbuild')
      const hub = await guide.serve()
      const network = await guide.serve(`blocked.mjs ${how} ${new URL(hub.direct).port}`)
      return { guide, hub, network, ...(await open(network.url)) }
    }

    test.each([
      ['deaf', ['http_stream']],
      ['collect', ['http_stream', 'long_poll']],
    ])('%s: the page comes over %s, and the next one there at once', async (how, ways) => {
      const { hub, page, said } = await blocked(how)
      await said('HELLO')
      await post(`${hub.direct}headline/rain`)
      await said('rain')
      await page.reload()
      await said('HELLO')
      const came = [...hub.program.stdout.matchAll(/came over (\w+)/g)].map(([, over]) => over)
      expect(came).toEqual([...ways, ways.at(-1)])
    })

    test('refuse: it comes over HTTP at once, and moves up when it can; who asks by hand is told what it is', async () => {
      const { guide, hub, network, said, lines } = await blocked('refuse', 'moveUpDelayMs: 400')
      const ask = async (url: string) => {
        const line = guide.named('shell: upgrade').replace('http://localhost:8080/', url)
        return (await new ChildProgram('sh', ['-c', line]).exit).stdout.split('\r\n')[0]
      }
      expect(await ask(network.url)).toBe('HTTP/1.1 426 Upgrade Required')
      expect(await ask(hub.url)).toBe('HTTP/1.1 101 Switching Protocols')
      await said('HELLO')
      const opened = await guide.serve(`blocked.mjs open ${new URL(hub.direct).port}`)
      network.line.retarget(Number(new URL(opened.direct).port))
      await hub.program.waitFor(/over websocket/)
      await post(`${hub.direct}headline/sun`)
      await said('sun')
      expect((await lines('p')).join()).toMatch(
        /connecting unreachable,connected http-stream,.*connecting movedUp,connected websocket/,
      )
    })
  })

  test('reconnects, tokens and tabs: a login that ends, tokens that are renewed, a line that is cut, a server that leaves', async () => {
    const guide = new Guide('reconnects-tokens-tabs')
    guide.write('')
    guide.run('', 'npx esbuild')
    const program = join(guide.folder, 'server.mjs')
    const short = readFileSync(program, 'utf8')
      .replace("'5m'", "'2s'")
      .replace('{ secret }', '{ secret, clockToleranceMs: 0 }')
    writeFileSync(program, short)
    const { url, direct, line, program: server } = await guide.serve()
    const first = await open(url)
    const { page } = first
    const state = (text: RegExp, of = page) =>
      of.locator('#state').filter({ hasText: text }).waitFor({ state: 'attached' })
    await state(/^Log in$/)
    await page.getByText('Log in as ann').click()
    await state(/^$/)
    // Another token, over the same connection.
    const changes = page.evaluate(
      () =>
        new Promise((resolve) => {
          const observer = new MutationObserver(() => resolve('another connection'))
          observer.observe(document.querySelector('#state') as Node, { childList: true })
          document.querySelector('#login')?.addEventListener('renewed', () => resolve('the same'))
        }),
    )
    await page.waitForRequest(/token$/)
    await post(`${direct}tell/ann/hello`)
    await first.said('hello')
    await page.evaluate(() => document.querySelector('#login')?.dispatchEvent(new Event('renewed')))
    expect(await changes).toBe('the same')

    const second = await page.context().newPage()
    await second.goto(url)
    line.cut()
    await state(/^(Connecting|No connection)/)
    await post(`${direct}tell/ann/later`)
    line.mend()
    await first.hurry()
    await first.said('later')
    expect(await first.lines()).toEqual(['hello', 'later'])

    await second.evaluate(() => dispatchEvent(new Event('online')))
    await state(/^$/, second)
    await page.getByText('Log out').click()
    await Promise.all([state(/^logged out$/), state(/^logged out$/, second)])
    expect(await first.lines()).toEqual([])
    await page.getByText('Log in as ann').click()
    await state(/^$/)
    await post(`${direct}tell/bob/secret`)
    await post(`${direct}tell/ann/again`)
    await first.said('again')
    server.kill('SIGTERM')
    await state(/^(Connecting|No connection)/)
    expect(await server.exit).toMatchObject({ code: 0 })
    expect(await first.lines()).toEqual(['again'])
  })

  test('all tabs of a user have one connection', async () => {
    const guide = new Guide('reconnects-tokens-tabs')
    guide.write('')
    const script = join(guide.folder, 'page.js')
    const line = /^const client = new Client.*\n/m
    writeFileSync(script, readFileSync(script, 'utf8').replace(line, guide.named('sample: share')))
    guide.run('Tabs', 'npx esbuild')
    const { url, program } = await guide.serve()
    const { page } = await open(url)
    expect((await fetch(`${url}share-worker.js`)).status).toBe(200)
    await page.getByText('Log in as ann').click()
    await program.waitFor(/ann came over websocket/)
    const tabs = [page, await page.context().newPage(), await page.context().newPage()]
    for (const tab of tabs.slice(1)) await tab.goto(url)
    // A tab is told what is published from when it is there on.
    for (const tab of tabs) while ((await tab.locator('li').count()) === 0) await post(`${url}tell/ann/hello`)
    await tabs[0]?.close()
    await post(`${url}tell/ann/again`)
    for (const tab of tabs.slice(1)) await tab.getByText('again', { exact: true }).waitFor()
    expect(program.stdout.match(/came over/g)).toHaveLength(1)
  })

  test('what is said of tokens there is so', async () => {
    const hub = createHub({
      authenticate: ({ token = '' }) => ({ user: token, meta: { login: 'phone' } }),
      sessions: { maxSessionsPerUser: 1 },
    })
    const url = await serveHubs({ '': hub })
    let renewed = (): void => {}
    const again = new Promise<void>((resolve) => (renewed = resolve))
    let asked = 0
    const ann = connect(url, {
      getToken: () => {
        if (++asked === 2) renewed()
        return 'ann'
      },
    })
    await ann.ready()
    const crowded = connect(url, { token: 'ann' })
    await expect(crowded.ready()).rejects.toMatchObject({ reason: { name: 'connectionLimit' } })
    const [session] = (await hub.connections('ann')).items
    expect(session).toMatchObject({ meta: { login: 'phone' } })
    await hub.sessions.refresh({ user: 'ann' }, Date.now())
    await again
    expect(ann.state).toMatchObject({ phase: 'connected', client: session?.client })
    const names = ['bob', 'carl']
    const other = connect(url, { getToken: () => names.shift() })
    const ended = new Promise((resolve) => other.on('disconnected', ({ reason }) => resolve(reason)))
    await other.ready()
    await hub.sessions.refresh({ user: 'bob' }, Date.now())
    expect(await ended).toMatchObject({ name: 'invalidToken' })
  })
})
