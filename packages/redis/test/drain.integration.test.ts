import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CreateHubOptions, createHub, type NodeHub } from '@wigwag/hub/node'
import type { Disconnect } from '@wigwag/protocol'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { Centrifuge } from 'centrifuge'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { QUICK } from './support/redis-brokers.ts'

const SESSIONS = 500
const CHANNELS = 10
const OVER_MS = 2000
const channelOf = (n: number): string => `channel-${n % CHANNELS}`

interface Node {
  readonly hub: NodeHub
  readonly port: number
}

/** On a busy machine an answer may take its time, and what was refused for that is asked again soon. */
const PATIENT = { timeout: 20_000, minResubscribeDelay: 20, maxResubscribeDelay: 500 }

/** Hubs do not say when somebody has come. */
async function untilTrue(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A hub on Redis that serves itself. */
async function startNode(url: string, options: CreateHubOptions = {}): Promise<Node> {
  const broker = new RedisBroker({ ...QUICK, url, prefix: 'drain', history: { size: 1000 } })
  const hub = createHub({ broker, ...options })
  await hub.started
  const server = createServer()
  hub.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { hub, port: (server.address() as AddressInfo).port }
}

/** A client that notes what it hears. */
interface Listener {
  readonly client: Centrifuge
  readonly heard: number[]
  /** Of each time that it came back, what it was told. */
  readonly recoveries: { readonly recovered: boolean; readonly hasRecoveredPublications: boolean }[]
}

function listen(n: number, url: string, websocket: unknown): Listener {
  const client = new Centrifuge(url, { websocket, minReconnectDelay: 20, maxReconnectDelay: 500, ...PATIENT })
  onTestFinished(() => client.disconnect())
  const listener: Listener = { client, heard: [], recoveries: [] }
  const subscription = client.newSubscription(channelOf(n))
  subscription.on('publication', ({ data }) => {
    listener.heard.push(data as number)
  })
  subscription.on('subscribed', ({ wasRecovering, recovered, hasRecoveredPublications }) => {
    if (wasRecovering) listener.recoveries.push({ recovered, hasRecoveredPublications })
  })
  subscription.subscribe()
  client.connect()
  return listener
}

describe.skipIf(!hasRedis)('a node that drains', () => {
  test('loses nobody anything: its sessions leave evenly, and recover all that they missed on another', async () => {
    const redis = await RedisServer.start()
    onTestFinished(() => redis[Symbol.asyncDispose]())
    const left: { atMs: number; why: Disconnect }[] = []
    const old = await startNode(redis.url, {
      onDisconnect: (_session, why) => left.push({ atMs: performance.now(), why }),
    })
    const next = await startNode(redis.url)
    /** What a balancer does: newcomers go to who takes them. */
    class Balanced extends WebSocket {
      constructor(url: string) {
        super(url.replace('PORT', String(old.hub.isLeaving ? next.port : old.port)))
      }
    }
    const listeners = Array.from({ length: SESSIONS }, (_, n) =>
      listen(n, 'ws://127.0.0.1:PORT/connection/websocket', Balanced),
    )
    await untilTrue(
      () => old.hub.stats.subscriptions === SESSIONS && listeners.every(({ client }) => client.state === 'connected'),
    )

    const last = new Map<string, number>()
    let published = 0
    const publish = async (): Promise<void> => {
      const n = published++
      await next.hub.publish(channelOf(n), n)
      last.set(channelOf(n), n)
    }
    for (let n = 0; n < CHANNELS; n++) await publish()
    let isOver = false
    const sinceMs = performance.now()
    const draining = old.hub.drain({ overMs: OVER_MS }).then(() => {
      isOver = true
    })
    while (!isOver) {
      await publish()
      // A few while each client is away: everything here shares a process.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await draining
    await untilTrue(() => next.hub.stats.subscriptions === SESSIONS)
    for (let n = 0; n < CHANNELS; n++) await publish()
    await untilTrue(() => listeners.every(({ heard }, n) => heard.at(-1) === last.get(channelOf(n))))

    for (const [n, { heard, recoveries }] of listeners.entries()) {
      expect(recoveries.length).toBeGreaterThan(0)
      expect(recoveries.filter(({ recovered }) => !recovered)).toEqual([])
      // Each number once, in order, from the first to the last.
      expect(heard).toEqual(
        Array.from({ length: published }, (_, number) => number).filter((number) => channelOf(number) === channelOf(n)),
      )
    }
    const all = listeners.flatMap(({ recoveries }) => recoveries)
    expect(all.filter(({ hasRecoveredPublications }) => hasRecoveredPublications).length).toBeGreaterThan(0)
    expect(left.length).toBe(SESSIONS)
    expect(new Set(left.map(({ why }) => why.code))).toEqual(new Set([3001]))
    const histogram = Array.from({ length: 10 }, () => 0)
    for (const { atMs } of left) {
      const tenth = Math.min(9, Math.floor(((atMs - sinceMs) / OVER_MS) * 10))
      histogram[tenth] = (histogram[tenth] ?? 0) + 1
    }
    // 50 each; but a busy machine, which has both nodes and all clients to serve, may let some tenths pass at once.
    expect(Math.max(...histogram), String(histogram)).toBeLessThan(SESSIONS / 2)
    expect(histogram.filter((count) => count > 0).length, String(histogram)).toBeGreaterThan(3)
  }, 90_000)
})
