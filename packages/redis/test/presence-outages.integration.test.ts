import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type ClientInfo, PresenceKeeper, type PresenceTeller } from '@wigwag/hub'
import { RedisPresenceStore, type RedisPresenceStoreOptions } from '@wigwag/redis'
import { hasRedis, RedisServer, type RedisServerOptions } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { untilAnswered } from './support/hubs-on-redis.ts'
import { expectAway, SOON_BACK, seenBy, untilReached } from './support/presence-on-redis.ts'
import { uniquePrefix } from './support/redis-brokers.ts'
import { RedisTime } from './support/redis-time.ts'

const ada: ClientInfo = { client: 'ada', user: 'u1', conn_info: { name: 'Ada' } }
const ben: ClientInfo = { client: 'ben', user: 'u2' }

async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const redis = await RedisServer.start(options)
  onTestFinished(() => redis[Symbol.asyncDispose]())
  return redis
}

function createStore(url: string, options: RedisPresenceStoreOptions = {}): RedisPresenceStore {
  const store = new RedisPresenceStore({ ...SOON_BACK, url, ...options })
  onTestFinished(() => store.close())
  return store
}

function passingTime({ port }: RedisServer): RedisTime {
  const time = new RedisTime(port)
  onTestFinished(() => time.close())
  return time
}

describe.skipIf(!hasRedis)('presence when Redis is killed and started again', () => {
  test('that keeps everything on disk, nobody has left and nobody is new', async () => {
    const redis = await startRedis({ persistence: 'always' })
    const stores = [createStore(redis.url), createStore(redis.url)] as const
    await stores[0].add('a', ada)
    await stores[1].add('a', ben)
    await redis.kill()
    for (const store of stores) await expectAway(store, /cannot be used|failed: the connection was lost/)
    await redis.start()
    for (const store of stores) await untilReached(store)
    expect(await seenBy(stores[0], 'a')).toEqual(['ada', 'ben'])
    expect(await stores[1].add('a', ada)).toBe(false)
    expect(await stores[0].remove('a', 'ben')).toBe(true)
    expect(await stores[1].stats('a')).toEqual({ clients: 1, users: 1 })
  })

  test('that forgets everything, each is new once', async () => {
    const redis = await startRedis()
    const stores = [createStore(redis.url), createStore(redis.url)] as const
    await stores[0].add('a', ada)
    await redis.kill()
    await redis.start()
    for (const store of stores) await untilReached(store)
    expect(await stores[0].presence('a')).toEqual(new Map())
    const added = await Promise.all(stores.map((store) => store.add('a', ada)))
    expect(added.sort()).toEqual([false, true])
  })

  test('it is refused at once while Redis is not there, from the first time on, and found when it is', async () => {
    const redis = await startRedis()
    await redis.kill()
    const store = createStore(redis.url)
    await expectAway(store, /ECONNREFUSED.*Look whether it runs/)
    await expectAway(store, /ECONNREFUSED/)
    await redis.start()
    await untilReached(store)
    expect(await store.add('a', ada)).toBe(true)
  })

  test('a frozen one is given up in time, and nothing is done later', async () => {
    const redis = await startRedis()
    const store = createStore(redis.url, { commandTimeoutMs: 1000, pingIntervalMs: 100 })
    await store.add('a', ada)
    redis.freeze()
    await expectAway(store, /did not answer in time|connection was lost/)
    const startedMs = performance.now()
    for (let i = 0; i < 1000; i++) await expect(store.add('a', ben)).rejects.toThrow(/cannot be used/)
    expect(performance.now() - startedMs).toBeLessThan(5000)
    redis.thaw()
    await untilReached(store)
    await store.remove('a', 'ada')
    const left = await seenBy(store, 'a')
    // What was sent before nobody answered is done when it wakes up; what was refused is not.
    expect(left.filter((each) => each !== 'ada')).toEqual([])
  })

  test('one that was idle when Redis froze has found out by the time that it is asked', async () => {
    const redis = await startRedis()
    const lines: Socket[] = []
    const relay = createServer((line) => {
      lines.push(line)
      const onward = connect(redis.port, '127.0.0.1')
      for (const socket of [line, onward]) socket.on('error', () => {})
      line.pipe(onward).pipe(line)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      relay.close()
      for (const line of lines) line.destroy()
    })
    const { port } = relay.address() as AddressInfo
    const store = createStore(`redis://127.0.0.1:${port}`, { commandTimeoutMs: 500, pingIntervalMs: 50 })
    await store.add('a', ada)
    const ended = new Promise((resolve) => lines[0]?.on('close', resolve))
    redis.freeze()
    await ended
    redis.thaw()
    await untilReached(store)
    expect(lines.length).toBeGreaterThan(1)
    expect(await store.add('a', ada)).toBe(false)
  })

  test('one that has become a replica is refused for who comes, and tried again', async () => {
    const redis = await startRedis()
    const store = createStore(redis.url)
    await store.add('a', ada)
    await redis.cli('replicaof', '127.0.0.1', '1')
    await expect(store.add('a', ben)).rejects.toMatchObject({
      code: 'ERR_PRESENCE_UNAVAILABLE',
      message: expect.stringMatching(/READONLY|cannot be used/),
    })
    await redis.cli('replicaof', 'no', 'one')
    await untilReached(store)
    expect(await seenBy(store, 'a')).toEqual(['ada'])
    expect(await store.add('a', ben)).toBe(true)
  })

  test('a closed store refuses, whether it was ever used or not', async () => {
    const redis = await startRedis()
    const used = createStore(redis.url)
    await used.add('a', ada)
    for (const store of [used, createStore(redis.url)]) {
      await store.close()
      await store.close()
      await expectAway(store, /it was closed\.$/)
    }
  })
})

describe.skipIf(!hasRedis)('presence and what Redis has room for', () => {
  test('a channel is gone from Redis by itself, all of its keys at once', async () => {
    const redis = await startRedis()
    const prefix = uniquePrefix()
    const store = createStore(redis.url, { prefix, presenceTtlMs: 60_000, retentionMs: 30_000 })
    const short = createStore(redis.url, { prefix, presenceTtlMs: 10, retentionMs: 10 })
    const before = Date.now()
    await store.add('kept', ada)
    await short.add('gone', ada)
    await untilAnswered(
      () => redis.cli('keys', `${prefix}:*`),
      (keys) => !keys.includes('gone'),
    )
    const keys = (await redis.cli('keys', `${prefix}:*`)).split('\n')
    const times = await Promise.all(keys.map((key) => redis.cli('pexpiretime', key)))
    expect(keys).toHaveLength(3)
    expect(new Set(times).size).toBe(1)
    const now = Date.now()
    expect(Number(times[0])).toBeGreaterThanOrEqual(before + 90_000)
    expect(Number(times[0])).toBeLessThanOrEqual(now + 150_000)
    // Whoever is kept alive later puts that off, of all three.
    await passingTime(redis).pass(prefix, 100_000)
    await store.add('kept', ada)
    for (const key of keys) expect(Number(await redis.cli('pttl', key))).toBeGreaterThan(100_000)
    await store.remove('kept', 'ada')
    expect(await redis.cli('keys', `${prefix}:*`)).toBe('')
  })

  test('who is not kept alive expires by the clock of Redis', async () => {
    const redis = await startRedis()
    const store = createStore(redis.url, { presenceTtlMs: 20 })
    await store.add('a', ada)
    await untilAnswered(
      () => store.presence('a'),
      (seen) => seen.size === 0,
    )
    expect(await store.stats('a')).toEqual({ clients: 0, users: 0 })
    expect(await store.expire('a')).toEqual([ada])
  })

  test('thousands that expired are handed out once, whoever asks and however often', { timeout: 60_000 }, async () => {
    const redis = await startRedis()
    const prefix = uniquePrefix()
    const stores = [createStore(redis.url, { prefix }), createStore(redis.url, { prefix })] as const
    const clients = Array.from({ length: 3500 }, (_, i) => `c${i}`)
    await Promise.all(clients.map((client, i) => stores[0].add('a', { client, user: `u${i % 7}` })))
    await passingTime(redis).pass(prefix, 60_000)
    await stores[0].add('a', { client: 'new', user: 'u0' })
    expect(await stores[1].stats('a')).toEqual({ clients: 1, users: 1 })
    expect(await seenBy(stores[1], 'a')).toEqual(['new'])
    const taken = await Promise.all([...stores, ...stores].map((store) => store.expire('a')))
    expect(
      taken
        .flat()
        .map(({ client }) => client)
        .sort(),
    ).toEqual(clients.sort())
    expect(await stores[0].stats('a')).toEqual({ clients: 1, users: 1 })
    await stores[1].remove('a', 'new')
    expect(await redis.cli('keys', `${prefix}:*`)).toBe('')
  })

  test('a full one refuses who comes before anything has changed, and lets leave who goes', async () => {
    const redis = await startRedis()
    const prefix = uniquePrefix()
    const store = createStore(redis.url, { prefix })
    await store.add('a', ada)
    await store.add('a', ben)
    await redis.cli('config', 'set', 'maxmemory', '1')
    await expect(store.add('a', { client: 'eve', user: 'u3' })).rejects.toMatchObject({
      code: 'ERR_PRESENCE_UNAVAILABLE',
      message: expect.stringContaining('OOM'),
    })
    expect(await seenBy(store, 'a')).toEqual(['ada', 'ben'])
    expect(await store.remove('a', 'ben')).toBe(true)
    expect(await store.stats('a')).toEqual({ clients: 1, users: 1 })
    expect(await store.expire('a')).toEqual([])
    expect(await store.remove('a', 'ada')).toBe(true)
    expect(await redis.cli('keys', `${prefix}:*`)).toBe('')
  })

  test('what another program has put there is passed over, and counted', async () => {
    const redis = await startRedis()
    const prefix = uniquePrefix()
    const store = createStore(redis.url, { prefix })
    await store.add('a', ada)
    await redis.cli('hset', `${prefix}:{a}:presence`, 'foreign', 'what')
    await redis.cli('zadd', `${prefix}:{a}:presence:expiries`, '1', 'foreign', '2', 'half')
    expect(await seenBy(store, 'a')).toEqual(['ada'])
    expect(await store.stats('a')).toEqual({ clients: 1, users: 1 })
    expect(await store.expire('a')).toEqual([])
    expect(store.malformed).toBe(2)
    expect(await store.remove('a', 'ada')).toBe(true)
    expect(await redis.cli('keys', `${prefix}:*`)).toBe('')
  })
})

describe.skipIf(!hasRedis)('who comes and goes on two nodes with one Redis', () => {
  test('is told once, by one of them, when a node has died', async () => {
    const redis = await startRedis()
    const time = passingTime(redis)
    const prefix = uniquePrefix()
    const told: string[] = []
    const node = (name: string): PresenceKeeper => {
      const teller: PresenceTeller = {
        joined: (_channel, { client }) => told.push(`${client} in by ${name}`),
        left: (_channel, { client }) => told.push(`${client} out by ${name}`),
      }
      const keeper = new PresenceKeeper(createStore(redis.url, { prefix }), teller)
      onTestFinished(() => keeper.close())
      return keeper
    }
    const [one, two, dying] = [node('one'), node('two'), node('dying')]
    let nowMs = 0
    const tick = async (seconds: number): Promise<void> => {
      await time.pass(prefix, seconds * 1000)
      nowMs += seconds * 1000
      for (const keeper of [one, two]) keeper.tick(nowMs)
    }
    one.enter('a', ada, nowMs)
    two.enter('a', ben, nowMs)
    dying.enter('a', { client: 'eve', user: 'u3' }, nowMs)
    await untilAnswered(
      async () => told.length,
      (count) => count === 3,
    )
    dying.close()
    for (let round = 0; round < 10 && told.length === 3; round++) {
      await tick(10)
      // Every request of this round has been answered when one that comes behind them is.
      await untilAnswered(
        () => one.stats('a'),
        ({ clients }) => clients >= 2,
      )
    }
    await untilAnswered(
      async () => told.length,
      (count) => count > 3,
    )
    for (let round = 0; round < 8; round++) {
      await tick(10)
      await untilAnswered(
        () => two.stats('a'),
        ({ clients }) => clients === 2,
      )
    }
    expect(told.slice(0, 3).sort()).toEqual(['ada in by one', 'ben in by two', 'eve in by dying'])
    expect(told.slice(3)).toEqual([expect.stringMatching(/^eve out by (one|two)$/)])
  })
})
