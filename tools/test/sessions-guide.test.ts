import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import * as hubDoor from '@wigwag/hub'
import * as jwtDoor from '@wigwag/hub/jwt'
import * as nodeDoor from '@wigwag/hub/node'
import { Centrifuge, type Subscription, type TransportEndpoint } from 'centrifuge'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { signToken } from '../../packages/hub/test/support/tokens.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SECRET = 'correct horse battery staple, again and again'

/** Samples of the guide: the server's first, what it does later, and what pages do, from top to bottom. */
const samples = [
  ...readFileSync(`${root}/docs/sessions.md`, 'utf8').matchAll(
    /(?:<!-- (page|later: (\w+)) -->\n)?```js\n([\s\S]*?)```/g,
  ),
].map(([, kind = 'server', name = kind, code = '']) => ({ name, code }))
const sample = (name: string): string =>
  samples
    .filter((each) => each.name === name)
    .map(({ code }) => code)
    .join('\n')

/** Runs a sample with what it takes for given; resolves with what it declared of `names`. */
function run(code: string, given: Record<string, unknown>, names: readonly string[]): Promise<Record<string, unknown>> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  return AsyncFunction(...Object.keys(given), `${code}\nreturn { ${names.join(', ')} }`)(...Object.values(given))
}

const MODULES: Readonly<Record<string, unknown>> = {
  'node:http': http,
  '@wigwag/hub': hubDoor,
  '@wigwag/hub/jwt': jwtDoor,
  '@wigwag/hub/node': nodeDoor,
}

async function begin() {
  process.env['TOKEN_SECRET'] = SECRET
  process.env['PORT'] = '0'
  // A function takes no imports.
  const code = sample('server').replace(/^import (.*) from ('.*')$/gm, 'const $1 = MODULES[$2]')
  const began = await run(code, { MODULES }, ['createHub', 'hub', 'refuse', 'server'])
  const { hub, server } = began as { hub: nodeDoor.NodeHub; server: http.Server }
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(async () => {
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  })
  return { ...began, hub, server }
}

test('the samples of docs/sessions.md are one program, and it does what is said of it', async () => {
  const { hub, server, ...doors } = await begin()
  const later = (name: string, given: Record<string, unknown> = {}, names: string[] = []) =>
    run(sample(name), { hub, ...doors, ...given }, names)
  await later('publish')

  const shown: unknown[] = []
  const tell = new Set<() => void>()
  const show = (data: unknown): void => {
    shown.push(data)
    for (const check of tell) check()
  }
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (condition()) resolve()
      }
      tell.add(check)
      check()
    })
  const token = await signToken({ sub: '42' }, SECRET)
  const page = await run(
    sample('page'),
    {
      Centrifuge: class extends Centrifuge {
        constructor(url: string, options: object) {
          super(url, { ...options, websocket: WebSocket })
          onTestFinished(() => this.disconnect())
        }
      },
      location: { host: `127.0.0.1:${(server.address() as AddressInfo).port}` },
      fetch: async () => new Response(token),
      show,
      refetch: () => show('refetched'),
    },
    ['client', 'orders', 'people', 'publications', 'quote'],
  )
  expect(page['quote']).toEqual({ symbol: 'ABC', price: 3, for: '42' })
  expect(page['publications']).toMatchObject([{ data: { text: 'hello' }, info: { user: '42' } }])
  await until(() => shown.length === 2)
  expect(shown).toEqual(expect.arrayContaining(['refetched', { echo: { typing: true } }]))
  expect([...(page['people'] as Map<string, string>).values()]).toEqual(['42'])
  await hub.publish('orders:42', { status: 'delivered' })
  await until(() => shown.length === 3)
  expect(shown[2]).toEqual({ status: 'delivered' })
  expect(
    (await hub.history('orders:42', undefined, { limit: 9 })).publications.map(({ data, tags }) => [data, tags]),
  ).toEqual([
    [{ status: 'shipped' }, { carrier: 'post' }],
    [{ status: 'delivered' }, undefined],
  ])

  const client = page['client'] as Centrifuge
  const other = client.newSubscription('orders:43')
  other.subscribe()
  expect(await next(other, 'unsubscribed')).toMatchObject({ code: 403, reason: 'Not your order.' })
  const disconnected = next(client, 'disconnected')
  expect(await later('act', {}, ['size'])).toMatchObject({ size: expect.any(Number) })
  expect(await disconnected).toEqual({ code: 4500, reason: 'Your account was closed.' })
  expect(shown[3]).toEqual({ hello: '42' })

  const ended = new Promise((resolve) => {
    const once = (_signal: string, leave: () => void): void => leave()
    later('stop', { process: { once, exit: resolve } }).catch(resolve)
  })
  expect(hub.isLeaving).toBe(true)
  expect(await ended).toBe(0)
})

test('its sample of an application that knows its users by a cookie lets in whom it says', async () => {
  const { server, ...doors } = await begin()
  const userOfCookie = async (cookie?: string): Promise<unknown> =>
    cookie === 'user=ann' ? { id: 'ann', name: 'Ann', team: 'north' } : undefined
  const { staff } = (await run(sample('staff'), { ...doors, userOfCookie }, ['staff'])) as { staff: nodeDoor.NodeHub }
  onTestFinished(() => staff.close())
  staff.attach(server, { basePath: '/staff' })
  const open = (cookie: string): Centrifuge => {
    const { port } = server.address() as AddressInfo
    class CookieWebSocket extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { cookie } })
      }
    }
    const client = new Centrifuge(`ws://127.0.0.1:${port}/staff/connection/websocket`, { websocket: CookieWebSocket })
    onTestFinished(() => client.disconnect())
    client.connect()
    return client
  }
  expect(await next(open('user=bob'), 'disconnected')).toEqual({ code: 401, reason: 'Log in first.' })
  const ann = open('user=ann')
  const inbox = next<{ channel: string }>(ann, 'subscribed')
  expect((await inbox).channel).toBe('inbox#ann')
  const north = ann.newSubscription('tickets:north')
  const heard = next<{ data: unknown }>(north, 'publication')
  north.subscribe()
  await north.ready()
  await north.publish({ title: 'broken' })
  expect((await heard).data).toEqual({ title: 'broken', by: 'ann' })
  const south = ann.newSubscription('tickets:south')
  south.subscribe()
  expect(await next(south, 'unsubscribed')).toMatchObject({ code: 103 })
})

/** Who knows the guide's server by its address, and shows what comes. */
async function visit() {
  const { hub, server } = await begin()
  const { port } = server.address() as AddressInfo
  const token = await signToken({ sub: '42' }, SECRET)
  return { hub, token, location: { protocol: 'http:', host: `127.0.0.1:${port}` }, http: `http://127.0.0.1:${port}` }
}

test('its sample of a client that falls back does so', async () => {
  const { hub, token, location } = await visit()
  class BlockedWebSocket extends EventTarget {
    constructor() {
      super()
      setImmediate(() => (this as unknown as { onclose(event: object): void }).onclose({ code: 1006 }))
    }
    close(): void {}
  }
  const given = {
    location,
    getToken: async () => token,
    Centrifuge: class extends Centrifuge {
      constructor(transports: TransportEndpoint[], options: object) {
        super(transports, { ...options, websocket: BlockedWebSocket })
        onTestFinished(() => this.disconnect())
      }
    },
  }
  const { client } = (await run(sample('fallback'), given, ['client'])) as { client: Centrifuge }
  await client.ready()
  expect([...hub.sessions].map(({ user, transport }) => [user, transport])).toEqual([['42', 'http_stream']])
  expect((await client.rpc('getQuote', 'ABC')).data).toMatchObject({ symbol: 'ABC' })
})

test('its sample of a client that polls hears what is published, until it is sent away', async () => {
  const { hub, token, http } = await visit()
  const shown: unknown[] = []
  const show = (data: unknown): void => {
    shown.push(data)
    if (shown.length === 2) for (const session of hub.sessions) session.disconnect()
  }
  const polling = run(sample('longPoll'), { http, token, fetch, show }, [])
  while (hub.stats.subscriptions === 0) await new Promise((resolve) => setImmediate(resolve))
  for (const status of ['packed', 'shipped']) await hub.publish('orders:42', { status })
  await polling
  expect(shown).toEqual([{ status: 'packed' }, { status: 'shipped' }])
})

function next<Context>(emitter: Centrifuge | Subscription, event: string): Promise<Context> {
  return new Promise((resolve) => {
    ;(emitter as { once(event: string, listener: (context: Context) => void): unknown }).once(event, resolve)
  })
}
