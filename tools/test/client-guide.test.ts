import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import * as clientDoor from '@wigwag/client'
import * as coreDoor from '@wigwag/client/core'
import * as httpStreamDoor from '@wigwag/client/http-stream'
import * as longPollDoor from '@wigwag/client/long-poll'
import * as socketDoor from '@wigwag/client/socket'
import * as testingDoor from '@wigwag/client/testing'
import * as nodeDoor from '@wigwag/hub/node'
import { expect, onTestFinished, test } from 'vitest'
import * as ws from 'ws'

const guide = readFileSync(fileURLToPath(new URL('../../docs/client.md', import.meta.url)), 'utf8')

/** Samples of the guide: the server's first, what it does later, and what pages do, from top to bottom. */
const samples = [
  ...guide.matchAll(/(?:<!-- (page|node|core|socket|testing|transports|later: (\w+)) -->\n)?```js\n([\s\S]*?)```/g),
].map(([, kind = 'server', name = kind, code = '']) => ({ name, code }))
const sample = (name: string): string[] => samples.filter((each) => each.name === name).map(({ code }) => code)

const MODULES: Readonly<Record<string, unknown>> = {
  'node:http': http,
  '@wigwag/hub/node': nodeDoor,
  '@wigwag/client': clientDoor,
  '@wigwag/client/http-stream': httpStreamDoor,
  '@wigwag/client/long-poll': longPollDoor,
  '@wigwag/client/core': coreDoor,
  '@wigwag/client/socket': socketDoor,
  '@wigwag/client/testing': testingDoor,
  ws,
}

/** Runs a sample with what it takes for given; resolves with what it declared of `names`. */
function run(code: string, given: Record<string, unknown>, names: readonly string[]): Promise<Record<string, unknown>> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  // A function takes no imports.
  const body = code.replace(/^import (.*) from ('.*')$/gm, 'const $1 = MODULES[$2]')
  const all = { MODULES, ...given }
  return AsyncFunction(...Object.keys(all), `${body}\nreturn { ${names.join(', ')} }`)(...Object.values(all))
}

async function begin() {
  process.env['PORT'] = '0'
  const began = await run(sample('server').join('\n'), {}, ['hub', 'server'])
  const { hub, server } = began as { hub: nodeDoor.NodeHub; server: http.Server }
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(async () => {
    await hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { hub, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

test('the samples of docs/client.md are one program, and it does what is said of it', async () => {
  const { hub, url } = await begin()
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
  const Client = class extends clientDoor.Client {
    constructor(_path: string, options: clientDoor.ClientOptions) {
      super(url, { ...options, transports: [clientDoor.webSocket({ WebSocket: ws.WebSocket })], minDelayMs: 1 })
      onTestFinished(() => this.disconnect())
    }
  }
  const given = {
    Client,
    show,
    refetch: () => show('refetched'),
    fetch: async () => new Response('ann'),
    getToken: () => 'ann',
  }
  const [first = '', second = '', loop = '', calls = '', states = '', offline = '', sharing = '', ...more] =
    sample('page')
  expect(more).toEqual([])

  const page = await run(`${first}\nawait orders.ready()`, given, ['client', 'orders'])
  await run(sample('later')[0] ?? sample('publish').join('\n'), { hub }, [])
  await until(() => shown.length === 2)
  expect(shown).toEqual(['paid: 7', 'shipped: 7'])

  const names = ['publications', 'position', 'people', 'clients', 'users', 'chat']
  const later = await run(second, { ...given, ...page }, names)
  expect(later['publications']).toMatchObject([
    { data: { type: 'paid', id: 8 } },
    { type: 'shipped' },
    { type: 'paid' },
  ])
  expect(later['position']).toMatchObject({ offset: 3 })
  expect([...(later['people'] as Map<string, { user: string }>).values()].map(({ user }) => user)).toEqual(['ann'])
  expect(later).toMatchObject({ clients: 1, users: 1, chat: { state: { phase: 'unsubscribed' } } })

  const looping = run(loop, { ...given, ...page }, [])
  await hub.publish('orders:42', { last: true })
  await looping
  expect(shown.at(-1)).toEqual({ last: true })

  const { quote } = await run(calls, { ...given, ...page }, ['quote'])
  expect(quote).toEqual({ symbol: 'ABC', cents: 300 })
  await until(() => shown.some((each) => JSON.stringify(each) === '{"seen":{"typing":true}}'))

  await run(states, { ...given, ...page }, [])
  await until(() => shown.at(-1) === 'subscribed')
  expect(shown).toEqual(
    expect.arrayContaining(['disconnected: disconnectCalled. Call connect() to come back.', 'live over websocket']),
  )

  await run(offline, { ...given, ...page }, [])
  const { publications } = await (page['orders'] as clientDoor.Subscription).history()
  expect(publications.at(-1)).toMatchObject({ data: { id: 10 } })

  await run(sharing, { ...given, ...page }, [])
  await hub.publish('orders:42', { type: 'paid', id: 11 })
  await until(() => shown.includes('paid: 11'))
})

test('its sample for Node connects, and that for tests recovers what was missed', async () => {
  const { url } = await begin()
  const [node = ''] = sample('node')
  const { worker } = await run(node.replace('ws://127.0.0.1:8080/', url), {}, ['worker'])
  await (worker as clientDoor.Client).ready()
  ;(worker as clientDoor.Client).disconnect()

  // Node 20 has no WebSocket: it is there that one goes over HTTP.
  const [transports = ''] = sample('transports')
  const { anywhere } = await run(transports.replace("'/'", `'${url}'`), {}, ['anywhere'])
  await (anywhere as clientDoor.Client).ready()
  ;(anywhere as clientDoor.Client).disconnect()

  const { heard, client, hub } = await run(sample('testing').join('\n'), {}, ['heard', 'client', 'hub'])
  onTestFinished(async () => {
    ;(client as clientDoor.Client).disconnect()
    await (hub as nodeDoor.NodeHub).close()
  })
  expect(heard).toEqual(['while it was away'])
})

test('so does the sample of the core', async () => {
  const { hub, url } = await begin()
  const shown: unknown[] = []
  await hub.publish('orders:42', { type: 'shipped', id: 6 })
  const given = {
    url,
    getToken: () => 'ann',
    show: (id: unknown) => shown.push(id),
    transports: [clientDoor.webSocket({ WebSocket: ws.WebSocket })],
  }
  const { small, orders, publications } = await run(sample('core').join('\n'), given, [
    'small',
    'orders',
    'publications',
  ])
  onTestFinished(() => (small as coreDoor.CoreClient).disconnect())
  expect(publications).toMatchObject([{ data: { id: 6 } }])
  const told = new Promise((resolve) => (orders as coreDoor.CoreSubscription).on('publication', resolve))
  await hub.publish('orders:42', { type: 'shipped', id: 7 })
  await told
  expect(shown).toEqual([7])
})

test('and that of sockets, with a server of any kind', async () => {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  await new Promise((resolve) => server.once('listening', resolve))
  const received = new Promise((resolve) => {
    server.on('connection', (peer) => {
      peer.on('message', (data) => resolve(JSON.parse(String(data))))
      peer.send('{"type":"price","cents":300}')
    })
  })
  const shown: unknown[] = []
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const given = { url, WebSocket: ws.WebSocket, show: (data: unknown) => shown.push(data) }
  const { socket } = await run(sample('socket').join('\n'), given, ['socket'])
  expect(await received).toEqual({ type: 'order', id: 7 })
  ;(socket as socketDoor.Socket).close()
  expect(shown).toEqual(expect.arrayContaining(['connected', 300, { type: 'price', cents: 300 }, 'disconnected']))
})

test('it has every reason for which a connection ends, with its advice', () => {
  const rows = [...guide.matchAll(/^\| `(\w+)` \| (yes|no) \| (.*) \|$/gm)].map(([, ...cells]) => cells)
  const reasons = clientDoor.closeReasons().map(({ name, retryable, advice }) => {
    return [name, retryable ? 'yes' : 'no', advice]
  })
  expect(rows).toEqual(reasons)
})
