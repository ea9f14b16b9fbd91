import { type ClientInfo, MemoryPresenceStore } from '@wigwag/hub'
import { RedisPresenceStore } from '@wigwag/redis'
import { hasRedis, RedisServer } from '@wigwag/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { presenceKeys } from '../src/presence-keys.ts'
import { uniquePrefix } from './support/redis-brokers.ts'
import { RedisTime } from './support/redis-time.ts'

const TTL_MS = 1_000_000
const CHANNELS = ['a', 'b:{c}']
const CLIENTS = ['1', '2', '3', '4', '5', '6']

/** One process' presence, as long as nothing is lost. */
interface Model {
  nowMs: number
  readonly store: MemoryPresenceStore
}

/** Two nodes on one Redis. */
interface Real {
  readonly prefix: string
  readonly nodes: readonly RedisPresenceStore[]
}

type Command = fc.AsyncCommand<Model, Real>

const byClient = (infos: Iterable<ClientInfo>): ClientInfo[] =>
  [...infos].sort((a, b) => (a.client < b.client ? -1 : 1))

/** A command that may always be run, and how it is printed. */
function command(name: string, asked: unknown, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => `${name}(${JSON.stringify(asked)})` }
}

const node = fc.integer({ min: 0, max: 1 })
const channel = fc.constantFrom(...CHANNELS)
const client = fc.constantFrom(...CLIENTS)
const info: fc.Arbitrary<ClientInfo> = fc.record(
  { client, user: fc.constantFrom('', 'ada', 'ben', '"\n'), conn_info: fc.constantFrom('x', null, { a: ['\n'] }) },
  { requiredKeys: ['client', 'user'] },
)

function commands(time: () => RedisTime, redis: () => RedisServer): fc.Arbitrary<Iterable<Command>> {
  const nodeOf = ({ nodes }: Real, which: number): RedisPresenceStore => nodes[which] as RedisPresenceStore
  const add = fc.tuple(node, channel, info).map((asked) =>
    command('add', asked, async (model, real) => {
      const [which, at, who] = asked
      expect(await nodeOf(real, which).add(at, who)).toBe(await model.store.add(at, who))
    }),
  )
  const remove = fc.tuple(node, channel, client).map((asked) =>
    command('remove', asked, async (model, real) => {
      const [which, at, who] = asked
      expect(await nodeOf(real, which).remove(at, who)).toBe(await model.store.remove(at, who))
    }),
  )
  const look = fc.tuple(node, channel).map((asked) =>
    command('look', asked, async (model, real) => {
      const [which, at] = asked
      const [presence, stats] = await Promise.all([nodeOf(real, which).presence(at), nodeOf(real, which).stats(at)])
      expect(byClient(presence.values())).toEqual(byClient((await model.store.presence(at)).values()))
      expect(stats).toEqual(await model.store.stats(at))
    }),
  )
  const expire = channel.map((at) =>
    command('expire', at, async (model, real) => {
      const taken = await Promise.all(real.nodes.map((each) => each.expire(at)))
      expect(byClient(taken.flat())).toEqual(byClient(await model.store.expire(at)))
    }),
  )
  const pass = fc.integer({ min: 1, max: 4 }).map((quarters) =>
    command('pass', quarters, async (model, { prefix }) => {
      model.nowMs += (quarters * TTL_MS) / 4
      await time().pass(prefix, (quarters * TTL_MS) / 4)
    }),
  )
  const evict = fc.tuple(channel, fc.nat(2)).map((asked) =>
    command('evict', asked, async (model, { prefix }) => {
      const [at, which] = asked
      const key = Object.values(presenceKeys(prefix, at))[which] as string
      await redis().cli('del', key)
      for (const each of CLIENTS) await model.store.remove(at, each)
    }),
  )
  return fc.commands(
    [
      add,
      add,
      add,
      add,
      remove,
      look,
      look,
      expire,
      pass,
      fc.oneof({ weight: 3, arbitrary: look }, { weight: 1, arbitrary: evict }),
    ],
    { maxCommands: 60, size: 'max' },
  )
}

describe.skipIf(!hasRedis)('presence of two nodes on Redis', () => {
  let redis: RedisServer
  let time: RedisTime

  beforeAll(async () => {
    redis = await RedisServer.start()
    time = new RedisTime(redis.port)
  })

  afterAll(async () => {
    time.close()
    await redis[Symbol.asyncDispose]()
  })

  const numRuns = Number(process.env['WIGWAG_TEST_RUNS'] ?? 100)

  test('is that of one process, whatever is done; and a channel that Redis let go of is empty', {
    timeout: 600_000,
  }, async () => {
    const all = commands(
      () => time,
      () => redis,
    )
    const options = { url: redis.url, presenceTtlMs: TTL_MS }
    let prefix = uniquePrefix()
    const used: RedisPresenceStore[] = []
    await fc.assert(
      fc
        .asyncProperty(all, async (steps) => {
          const nodes = [0, 1].map(() => new RedisPresenceStore({ ...options, prefix }))
          used.push(...nodes)
          const model: Model = {
            nowMs: 0,
            store: new MemoryPresenceStore({ presenceTtlMs: TTL_MS }, { now: () => model.nowMs }),
          }
          await fc.asyncModelRun(() => ({ model, real: { prefix, nodes } }), steps)
        })
        .afterEach(async () => {
          for (const each of used.splice(0)) await each.close()
          prefix = uniquePrefix()
        }),
      { numRuns },
    )
  })
})
