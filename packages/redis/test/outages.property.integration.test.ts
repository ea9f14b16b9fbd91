import { encodePosition, type Position, type Publication, type Subscription } from '@wigwag/hub'
import { FaultProxy, hasRedis, RedisServer } from '@wigwag/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HubOnRedis, hubOnRedis, Notes, untilAnswered } from './support/hubs-on-redis.ts'
import { uniquePrefix, untilStatus } from './support/redis-brokers.ts'

type Step =
  | { readonly do: 'publish'; readonly node: number; readonly channel: number; readonly count: number }
  | { readonly do: 'subscribe'; readonly node: number; readonly channel: number }
  | { readonly do: 'unsubscribe'; readonly which: number }
  | { readonly do: 'cut' | 'mend'; readonly node: number }
  | { readonly do: 'kill'; readonly type: 'pubsub' | 'normal' }
  | { readonly do: 'forget' }
  | { readonly do: 'turns'; readonly count: number }

const node = fc.integer({ min: 0, max: 1 })
const channel = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('publish' as const), node, channel, count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('subscribe' as const), node, channel }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'mend' as const), node }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      type: fc.constantFrom('pubsub' as const, 'normal' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.constantFrom(1, 3, 20, 200) }) },
)

/** Two hubs on lines of their own, and all that was done with them. */
class World {
  readonly #nodes: readonly HubOnRedis[]
  readonly #proxies: readonly FaultProxy[]
  readonly #redis: RedisServer
  readonly #publishing: Promise<void>[] = []
  readonly #acknowledged: Publication[] = []
  readonly #subscribers: {
    readonly channel: string
    readonly node: HubOnRedis
    readonly notes: Notes
    readonly subscription: Subscription
    ended: boolean
  }[] = []
  #published = 0

  private constructor(redis: RedisServer, proxies: readonly FaultProxy[], nodes: readonly HubOnRedis[]) {
    this.#redis = redis
    this.#proxies = proxies
    this.#nodes = nodes
  }

  static async create(redis: RedisServer, lingerMs: number): Promise<World> {
    const prefix = uniquePrefix()
    const proxies = [new FaultProxy(redis.port), new FaultProxy(redis.port)]
    const nodes: HubOnRedis[] = []
    for (const proxy of proxies) {
      const url = `redis://127.0.0.1:${await proxy.listen()}`
      nodes.push(await hubOnRedis({ url, prefix, lingerMs, maxReconnectDelayMs: 20, bridge: ['c0'] }))
    }
    return new World(redis, proxies, nodes)
  }

  async take(each: Step): Promise<void> {
    switch (each.do) {
      case 'publish':
        for (let i = 0; i < each.count; i++) this.#publish(this.#nodes[each.node] as HubOnRedis, `c${each.channel}`)
        return
      case 'subscribe':
        return this.#subscribe(this.#nodes[each.node] as HubOnRedis, `c${each.channel}`)
      case 'unsubscribe':
        return this.#unsubscribe(each.which)
      case 'cut':
      case 'mend':
        return this.#proxies[each.node]?.[each.do]()
      case 'kill':
        await this.#redis.cli('CLIENT', 'KILL', 'TYPE', each.type)
        return
      case 'forget':
        await this.#redis.cli('FLUSHALL')
        return
      case 'turns':
        for (let i = 0; i < each.count; i++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #publish({ hub }: HubOnRedis, name: string): void {
    const data = ++this.#published
    const stored = hub.publish(name, data).then((publication) => void this.#acknowledged.push(publication))
    this.#publishing.push(stored.catch(() => {}))
  }

  #subscribe(on: HubOnRedis, name: string): void {
    const notes = new Notes()
    const subscription = on.hub.subscribe(name, notes)
    this.#subscribers.push({ channel: name, node: on, notes, subscription, ended: false })
  }

  #unsubscribe(which: number): void {
    const left = this.#subscribers.filter(({ ended }) => !ended)
    const leaver = left[which % Math.max(1, left.length)]
    if (leaver === undefined) return
    leaver.ended = true
    leaver.node.hub.unsubscribe(leaver.channel, leaver.subscription)
  }

  /** Mends everything, and waits until a last publication has come through everywhere. */
  async settle(): Promise<void> {
    for (const proxy of this.#proxies) proxy.mend()
    await Promise.all(this.#publishing)
    for (const { broker } of this.#nodes) await untilStatus(broker, 'connected')
    const living = this.#subscribers.filter(({ ended }) => !ended)
    for (const { notes } of living) await notes.until(() => notes.lives + notes.failures.length > 0)
    for (const name of ['c0', 'c1', 'c2']) {
      const last = await untilAnswered(
        async () => this.#nodes[0]?.hub.publish(name, 'last').catch(() => undefined),
        (publication) => publication !== undefined,
      )
      if (last !== undefined) this.#acknowledged.push(last)
    }
    for (const { notes, node: on } of living) {
      await untilAnswered(
        async () => [on.broker.status, notes.words],
        () => notes.words.includes('last') || notes.failures.length > 0,
      )
    }
  }

  check(): void {
    for (const { channel: name, notes, ended } of this.#subscribers) {
      expect(notes.failures).toEqual([])
      checkOrder(notes)
      if (ended || notes.start === undefined) continue
      const { epoch, offset } = notes.start
      const told = new Set(notes.publications.map(({ position }) => position && encodePosition(position)))
      const owed = this.#acknowledged
        .filter(({ channel: at }) => at === name)
        .map(({ position }) => position as Position)
      const last = owed.at(-1)?.epoch
      for (const each of owed) {
        // What was forgotten is in the gap; of the streams that began anew, the last is known as a whole.
        const isOwed = notes.gaps.length === 0 ? each.epoch === epoch && each.offset > offset : each.epoch === last
        if (isOwed) expect(told).toContain(encodePosition(each))
      }
    }
  }

  async end(): Promise<void> {
    for (const { hub } of this.#nodes) await hub.close()
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]()
  }
}

/** Each publication comes right behind the one before, unless a gap was told. */
function checkOrder({ log, start, lives }: Notes): void {
  let before: Position | undefined
  for (const each of log) {
    if ('reason' in each) {
      before = undefined
      continue
    }
    const position = each.position as Position
    if (before !== undefined) expect(position).toEqual({ ...before, offset: before.offset + 1 })
    before = position
  }
  const [first] = log
  if (lives === 0 || first === undefined || 'reason' in first) return
  expect(first.position?.epoch).toBe(start?.epoch)
  expect(first.position?.offset).toBeLessThanOrEqual((start?.offset as number) + 1)
}

describe.skipIf(!hasRedis)('two hubs on lines that are cut and mended, and a Redis that forgets', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  const runs = Number(process.env['WIGWAG_TEST_RUNS'] ?? 40)

  test('tell each live subscriber what was acknowledged since its start, once and in order, or that there is a gap', {
    timeout: 600_000,
  }, async () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(0, 5, 60_000), async (all, lingerMs) => {
        const world = await World.create(redis, lingerMs)
        try {
          for (const each of all) await world.take(each)
          await world.settle()
          world.check()
        } finally {
          await world.end()
        }
      }),
      { numRuns: runs, endOnFailure: true },
    )
  })
})
