import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ChannelEndpoint, createHub } from '@wigwag/hub/node'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { QUICK, uniquePrefix } from './support/redis-brokers.ts'

/** How long is published, in milliseconds: the end of a second lies within, and of another one. */
const STORY_MS = 2200

test.skipIf(!hasRedis)(
  'polls by time that go from node to node have each publication once and in order: the clock is that of Redis',
  async () => {
    await using redis = await RedisServer.start()
    const prefix = uniquePrefix()
    const serve = async () => {
      const history = { size: 10_000 }
      const hub = createHub({ broker: new RedisBroker({ ...QUICK, url: redis.url, prefix, history }) })
      const server = createServer()
      const endpoint = new ChannelEndpoint(hub)
      endpoint.attach(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(async () => {
        server.closeAllConnections()
        await endpoint.close()
        await hub.close()
        server.close()
      })
      return { hub, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/channel/a` }
    }
    const nodes = [await serve(), await serve()]
    let published = 0
    const publish = async (): Promise<void> => {
      const untilMs = performance.now() + STORY_MS
      while (performance.now() < untilMs) {
        await nodes[published % 2]?.hub.publish('a', ++published)
        // Not more than history holds.
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    const publishing = publish().then(() => 'done')
    const received: number[] = []
    const seconds = new Set<string>()
    let since = 'Thu, 01 Jan 1970 00:00:00 GMT'
    for (let i = 0, isDone = false; ; i++) {
      const answer = await fetch(`${nodes[i % 2]?.url}?wait=2.5`, { headers: { 'if-modified-since': since } })
      expect([200, 304]).toContain(answer.status)
      expect(answer.headers.get('wigwag-gap')).toBeNull()
      if (answer.status === 304 && isDone) break
      isDone = (await Promise.race([publishing, Promise.resolve('')])) === 'done'
      if (answer.status === 304) continue
      for (const { data } of (await answer.json()) as { data: number }[]) received.push(data)
      since = answer.headers.get('last-modified') ?? ''
      seconds.add(since)
    }
    expect(received).toEqual(Array.from({ length: published }, (_, i) => i + 1))
    expect(seconds.size).toBeGreaterThanOrEqual(2)
  },
)
