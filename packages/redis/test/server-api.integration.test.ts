import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ClusterOptions } from '@wigwag/hub'
import { createHub, Tickets } from '@wigwag/hub/node'
import { RedisTicketStore, redis } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { Centrifuge } from 'centrifuge'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

const KEY = 'a-key-of-a-back-end'
const namespaces = { '': { subscribe: 'anyone', presence: true } } as const

/** A node: a hub on Redis with its API on a real server. */
interface Node {
  readonly port: number
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer
  call(method: string, request?: object): Promise<any>
  /** A client that is connected to it. */
  connect(user: string): Promise<{ readonly centrifuge: Centrifuge; readonly id: string }>
  /** It goes as a process does that is killed: it tells nobody. */
  kill(): Promise<void>
}

describe.skipIf(!hasRedis)('two nodes on one Redis', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await RedisServer.start()
  })

  afterAll(async () => {
    await server[Symbol.asyncDispose]()
  })

  async function startNode(prefix: string, name: string, cluster: ClusterOptions = {}): Promise<Node> {
    const broker = redis(server.url, { ...QUICK, prefix })
    const store = new RedisTicketStore({ url: server.url, prefix })
    const hub = createHub({
      broker,
      namespaces,
      authenticate: ({ token, header }) => ({ user: token ?? header?.('x-user') ?? '' }),
      cluster: { name, keepaliveIntervalMs: 2_000, answerTimeoutMs: 5_000, ...cluster },
    })
    const http = createServer()
    const endpoint = hub.attach(http, { api: { keys: KEY }, tickets: new Tickets({ store }) })
    await hub.started
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      http.closeAllConnections()
      await endpoint.close()
      await hub.close()
      await store.close()
      await new Promise((resolve) => http.close(resolve))
    })
    const { port } = http.address() as AddressInfo
    return {
      port,
      id: hub.sessions.hub,
      call: async (method, request = {}) => {
        const response = await fetch(`http://127.0.0.1:${port}/api/${method}`, {
          method: 'POST',
          headers: { 'x-api-key': KEY },
          body: JSON.stringify(request),
        })
        return response.json()
      },
      connect: async (user) => {
        const centrifuge = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
          websocket: WebSocket,
          token: user,
        })
        onTestFinished(() => centrifuge.disconnect())
        const connecting = new Promise<{ client: string }>((resolve) => {
          centrifuge.once('connected', resolve)
        })
        centrifuge.connect()
        return { centrifuge, id: (await connecting).client }
      },
      kill: () => broker.close(),
    }
  }

  /** Two that know each other. */
  async function startNodes(): Promise<[Node, Node]> {
    const prefix = uniquePrefix()
    const [a, b] = [await startNode(prefix, 'a'), await startNode(prefix, 'b')]
    for (const { call } of [a, b]) await expect.poll(async () => namesOf(await call('info'))).toEqual(['a', 'b'])
    return [a, b]
  }

  function namesOf({ result }: { result: { nodes: { name: string }[] } }): string[] {
    return result.nodes.map(({ name }) => name).sort()
  }

  test('what one is told to do to a session happens on the other', async () => {
    const [a, b] = await startNodes()
    const { centrifuge, id } = await b.connect('ann')
    const told = (event: 'subscribed' | 'unsubscribed' | 'publication' | 'disconnected' | 'connecting') =>
      new Promise<Record<string, unknown>>((resolve) => {
        centrifuge.once(event, (context: unknown) => resolve(context as Record<string, unknown>))
      })
    const subscribing = told('subscribed')
    expect(await a.call('subscribe', { user: 'ann', channel: 'news', data: { hello: 1 } })).toEqual({ result: {} })
    expect(await subscribing).toMatchObject({ channel: 'news', data: { hello: 1 } })
    const arriving = told('publication')
    await a.call('publish', { channel: 'news', data: { n: 1 } })
    expect(await arriving).toMatchObject({ channel: 'news', data: { n: 1 }, offset: 1 })
    await expect
      .poll(() => a.call('presence', { channel: 'news' }))
      .toEqual({ result: { presence: { [id]: { client: id, user: 'ann' } } } })
    const unsubscribing = told('unsubscribed')
    await a.call('unsubscribe', { user: 'ann', channel: 'news' })
    expect(await unsubscribing).toMatchObject({ channel: 'news' })
    const expiring = told('connecting')
    await a.call('refresh', { user: 'ann', expired: true })
    expect(await expiring).toMatchObject({ code: 3005 })
    await expect.poll(async () => Object.keys((await a.call('connections')).result.connections)).toHaveLength(1)
    const ending = told('disconnected')
    await a.call('disconnect', { user: 'ann', disconnect: { code: 4500, reason: 'over' } })
    expect(await ending).toMatchObject({ code: 4500, reason: 'over' })
  })

  test('either lists what both have', async () => {
    const [a, b] = await startNodes()
    const clients = [await a.connect('ann'), await b.connect('ann'), await b.connect('bob')]
    for (const { centrifuge } of clients) {
      const subscription = centrifuge.newSubscription('hall')
      const subscribed = new Promise((resolve) => subscription.once('subscribed', resolve))
      subscription.subscribe()
      await subscribed
    }
    for (const node of [a, b]) {
      const other = node === a ? b : a
      expect(await node.call('channels')).toEqual({ result: { channels: { hall: { num_clients: 3 } } } })
      const { connections } = (await node.call('connections')).result
      expect(Object.keys(connections).sort()).toEqual(clients.map(({ id }) => id).sort())
      expect(Object.keys((await node.call('connections', { user: 'ann' })).result.connections)).toHaveLength(2)
      const nodes: { uid: string; num_clients: number }[] = (await node.call('info')).result.nodes
      expect(nodes.map(({ uid }) => uid)).toEqual([node.id, other.id])
      expect(nodes.map(({ num_clients }) => num_clients)).toEqual(node === a ? [1, 2] : [2, 1])
    }
  })

  test('one that was killed is missing at first, and then forgotten', async () => {
    const prefix = uniquePrefix()
    const cluster = { keepaliveIntervalMs: 1_000, answerTimeoutMs: 300 }
    const [a, b] = [await startNode(prefix, 'a', cluster), await startNode(prefix, 'b', cluster)]
    await expect.poll(async () => namesOf(await a.call('info'))).toEqual(['a', 'b'])
    await b.kill()
    const { result } = await a.call('info')
    expect([namesOf({ result }), result.missing]).toEqual([['a'], [b.id]])
    expect((await a.call('channels')).result).toEqual({ channels: {}, missing: [b.id], incomplete: true })
    await expect.poll(() => a.call('info'), { timeout: 10_000 }).not.toHaveProperty('result.missing')
  })

  test('a ticket of one is good at the other, once', async () => {
    const [a, b] = await startNodes()
    const response = await fetch(`http://127.0.0.1:${a.port}/ticket`, { method: 'POST', headers: { 'x-user': 'ann' } })
    const { ticket } = (await response.json()) as { ticket: string }
    const poll = async (node: Node): Promise<number> =>
      (await fetch(`http://127.0.0.1:${node.port}/channel/hall?ticket=${ticket}`)).status
    expect([await poll(b), await poll(b), await poll(a)]).toEqual([204, 401, 401])
  })
})
