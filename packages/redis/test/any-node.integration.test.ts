import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub, type NodeHub } from '@wigwag/hub/node'
import { RedisBroker } from '@wigwag/redis'
import { HaproxyServer, hasHaproxy, hasNginx, hasRedis, NginxServer, RedisServer } from '@wigwag/testkit'
import { Centrifuge, type TransportName } from 'centrifuge'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../../hub/test/support/arrivals.ts'
import { openPolling } from '../../hub/test/support/session-polls.ts'
import { sendTo } from '../../hub/test/support/session-streams.ts'
import { untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

interface Node {
  readonly hub: NodeHub
  readonly broker: RedisBroker
  readonly server: Server
  readonly port: number
  /** How many connections it was asked on. */
  connections: number
}

/** Proxies that send each request to the next node, and know of no session. */
const PROXIES: readonly [
  name: string,
  has: boolean,
  start: (ports: readonly number[]) => Promise<HaproxyServer | NginxServer>,
][] = [
  [
    'nginx',
    hasNginx,
    ([one, other]) =>
      NginxServer.start(
        (port) => `
upstream nodes {
  server 127.0.0.1:${one} max_fails=0;
  server 127.0.0.1:${other} max_fails=0;
}
server {
  listen 127.0.0.1:${port};
  location / {
    proxy_pass http://nodes;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_next_upstream off;
  }
}`,
      ),
  ],
  [
    'haproxy',
    hasHaproxy,
    ([one, other]) =>
      HaproxyServer.start(
        (port) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend nodes
backend nodes
  balance roundrobin
  server one 127.0.0.1:${one}
  server other 127.0.0.1:${other}`,
      ),
  ],
]

describe.skipIf(!hasRedis)('sessions of two nodes behind a proxy that knows of none', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function startNode(prefix: string): Promise<Node> {
    const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix })
    const hub = createHub({
      broker,
      cluster: { keepaliveIntervalMs: 300 },
      namespaces: { '': { publish: 'subscriber' } },
      rpc: { echo: (data) => data ?? null },
    })
    await hub.started
    const server = createServer()
    hub.attach(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => end({ hub, server }))
    const node: Node = { hub, broker, server, port: (server.address() as AddressInfo).port, connections: 0 }
    server.on('connection', () => node.connections++)
    return node
  }

  async function end({ hub, server }: Pick<Node, 'hub' | 'server'>): Promise<void> {
    server.closeAllConnections()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  }

  async function startNodes(): Promise<[Node, Node]> {
    const prefix = uniquePrefix()
    const nodes: [Node, Node] = [await startNode(prefix), await startNode(prefix)]
    for (const { hub } of nodes) {
      await untilAnswered(
        () => hub.info(),
        ({ items }) => items.length === 2,
      )
    }
    return nodes
  }

  const nodeOf = (nodes: readonly Node[]): Node => {
    const found = nodes.find(({ hub }) => hub.sessions.stats.connected > 0)
    if (found === undefined) throw new Error('No node has a session.')
    return found
  }

  for (const [name, has, start] of PROXIES) {
    describe.skipIf(!has)(`which is ${name}`, () => {
      async function behindProxy(): Promise<{ nodes: [Node, Node]; origin: string }> {
        const nodes = await startNodes()
        const proxy = await start(nodes.map(({ port }) => port))
        onTestFinished(() => proxy[Symbol.asyncDispose]())
        return { nodes, origin: `http://127.0.0.1:${proxy.port}` }
      }

      test('whatever a client of centrifuge says reaches its session, over http_stream', async () => {
        const { nodes, origin } = await behindProxy()
        const transport: TransportName = 'http_stream'
        const endpoint = `${origin}/connection/${transport}`
        const centrifuge = new Centrifuge([{ transport, endpoint }], { emulationEndpoint: `${origin}/emulation` })
        onTestFinished(() => centrifuge.disconnect())
        const heard: unknown[] = []
        const arrivals = new Arrivals()
        const subscription = centrifuge.newSubscription('news')
        subscription.on('publication', ({ data }) => {
          heard.push(data)
          arrivals.tell()
        })
        subscription.subscribe()
        centrifuge.connect()
        await subscription.ready()
        const counts = nodes.map(({ hub }) => hub.sessions.stats.connected)
        for (let n = 1; n <= 10; n++) {
          await subscription.publish(n)
          expect((await centrifuge.rpc('echo', n)).data).toBe(n)
        }
        await arrivals.until(() => heard.length === 10)
        expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect(counts.sort()).toEqual([0, 1])
        // Both nodes were asked all the time.
        for (const { connections } of nodes) expect(connections).toBeGreaterThan(name === 'nginx' ? 5 : 0)
        expect(nodes.map(({ hub }) => hub.sessions.stats.connected).sort()).toEqual([0, 1])
      })

      test('and so do polls, with all that there is for them, however long it is', async () => {
        const { nodes, origin } = await behindProxy()
        const polling = await openPolling(origin)
        await sendTo(origin, polling.address, '{"id":2,"subscribe":{"channel":"news"}}')
        await polling.until((packets) => packets.length === 2)
        for (let n = 1; n <= 6; n++) {
          const poll = polling.poll()
          await nodes[n % 2]?.hub.publish('news', { n, filler: 'ž"'.repeat(50_000) })
          await poll
        }
        await polling.until((packets) => packets.length === 8)
        const heard = polling.packets
          .slice(2)
          .map(({ push }) => (push as { pub: { data: { n: number; filler: string } } }).pub.data)
        expect(heard.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6])
        expect(new Set(heard.map(({ filler }) => filler.length))).toEqual(new Set([100_000]))
      })

      test('a node that drains lets polls of sessions elsewhere go, and none of what they wait for is lost', async () => {
        const { nodes, origin } = await behindProxy()
        const polling = await openPolling(origin)
        await sendTo(origin, polling.address, '{"id":2,"subscribe":{"channel":"news"}}')
        await polling.until((packets) => packets.length === 2)
        const mine = nodeOf(nodes)
        const other = nodes.find((node) => node !== mine) as Node
        const before = other.connections
        const waiting = polling.poll({ at: `http://127.0.0.1:${other.port}` })
        await untilAnswered(
          async () => other.connections,
          (connections) => connections > before,
        )
        await other.hub.drain({ graceMs: 20_000 })
        expect((await waiting).packets).toEqual([])
        await mine.hub.publish('news', 1)
        expect((await polling.poll({ at: `http://127.0.0.1:${mine.port}` })).packets).toMatchObject([
          { push: { pub: { data: 1 } } },
        ])
      })

      test('a client whose node has gone is told so by the other one, and comes back to that', async () => {
        const { nodes, origin } = await behindProxy()
        const polling = await openPolling(origin)
        const mine = nodeOf(nodes)
        const other = nodes.find((node) => node !== mine) as Node
        const at = `http://127.0.0.1:${other.port}`
        const waiting = polling.poll({ at })
        await end(mine)
        expect([404, 200]).toContain((await waiting).status)
        expect((await polling.poll({ at })).status).toBe(404)
        expect((await sendTo(at, polling.address, '{}')).status).toBe(404)
        expect((await openPolling(at)).packets).toMatchObject([{ connect: { node: other.hub.sessions.hub } }])
      })
    })
  }

  test('a node that drains answers polls of sessions elsewhere so late that their clients do not ask all the time', async () => {
    const [mine, other] = await startNodes()
    const polling = await openPolling(`http://127.0.0.1:${mine.port}`)
    await sendTo(`http://127.0.0.1:${mine.port}`, polling.address, '{"id":2,"subscribe":{"channel":"news"}}')
    await polling.until((packets) => packets.length === 2)
    // They leave one after the other, in a second.
    for (let i = 0; i < 100; i++) {
      const stream = await fetch(`http://127.0.0.1:${other.port}/channel/a`, {
        headers: { accept: 'text/event-stream' },
      })
      void stream.text().catch(() => {})
    }
    let isDraining = true
    const drained = other.hub.drain({ graceMs: 20_000 }).then(() => {
      isDraining = false
    })
    let polls = 0
    const heard: unknown[] = []
    for (; isDraining; polls++) {
      if (polls === 0) await mine.hub.publish('news', 'meanwhile')
      const { status, packets } = await polling.poll({ at: `http://127.0.0.1:${other.port}` })
      expect(status).toBe(200)
      heard.push(...packets)
    }
    await drained
    expect(heard).toMatchObject([{ push: { pub: { data: 'meanwhile' } } }])
    expect(polls).toBeLessThan(10)
  })

  test('polls that find nothing are answered with nothing when their time is over, also at another node', async () => {
    const [mine, other] = await startNodes()
    const [here, there] = [mine, other].map(({ port }) => `http://127.0.0.1:${port}`) as [string, string]
    const pollings = await Promise.all(Array.from({ length: 4 }, () => openPolling(here)))
    // Spread over a second: nodes look once in a while whose time is over.
    const answers = pollings.map((polling, i) => polling.poll({ at: there, wait: 0.1 + i / 4 }))
    for (const { status, packets } of await Promise.all(answers)) {
      expect(status).toBe(200)
      expect(packets).toEqual([])
    }
  })

  test('a node that was killed, and said nothing, is known to be gone at once', async () => {
    const [killed, other] = await startNodes()
    const { address } = await openPolling(`http://127.0.0.1:${killed.port}`)
    const at = `http://127.0.0.1:${other.port}`
    expect((await sendTo(at, address, '{"id":2,"ping":{}}')).status).toBe(204)
    // As Redis has it when a process is killed: its connections are closed.
    await killed.broker.close()
    await untilAnswered(
      async () => (await sendTo(at, address, '{}')).status,
      (status) => status === 404,
    )
    expect(other.hub.stats.sessions).toBe(0)
  })

  test('a hub that has just come, or was cut off from Redis for long, knows where to ask', async () => {
    const prefix = uniquePrefix()
    const first = await startNode(prefix)
    const { address } = await openPolling(`http://127.0.0.1:${first.port}`)
    const second = await startNode(prefix)
    expect((await sendTo(`http://127.0.0.1:${second.port}`, address, '{}')).status).toBe(204)
  })
})
