import { createServer, type Socket } from 'node:net'
import { HubError } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker } from '@wigwag/redis'
import { freePort, hasRedis, RedisServer } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type HubOnRedis, hubOnRedis, Notes, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix, untilStatus } from './support/redis-brokers.ts'

const IGNORE = listenerOf()
/** Soon sure that Redis does not answer. */
const IMPATIENT = { commandTimeoutMs: 250, pingIntervalMs: 100 }

/** Resolves when only `sockets` keep this process alive, and no timer: well before any time-out could have ended them. */
async function untilKeptBy(sockets: number): Promise<void> {
  const resources = (): string[] =>
    process.getActiveResourcesInfo().filter((each) => each.startsWith('TCP') || each === 'Timeout')
  for (let i = 0; i < 40 && resources().length !== sockets; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(resources()).toEqual(Array(sockets).fill('TCPSocketWrap'))
}

async function rejection(promise: Promise<unknown>): Promise<HubError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(HubError)
  return error as HubError
}

describe.skipIf(!hasRedis)('a Redis that is away', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start()
  })

  afterAll(async () => {
    await redis[Symbol.asyncDispose]()
  })

  async function hub(options: ConstructorParameters<typeof RedisBroker>[0] = {}): Promise<HubOnRedis> {
    const made = await hubOnRedis({ url: redis.url, prefix: uniquePrefix(), ...options })
    onTestFinished(() => made.hub.close())
    return made
  }

  test('frozen, refuses what it does not answer in time; thawed, it has stored a publication once that was tried twice', async () => {
    const node = await hub(IMPATIENT)
    const notes = await notesOf(node, 'a')
    await node.hub.publish('a', 'before')
    redis.freeze()
    const once = { idempotencyKey: 'k' }
    const error = await rejection(node.hub.publish('a', 'twice', once)).finally(() => redis.thaw())
    expect(error.code).toBe('ERR_NOT_ACKNOWLEDGED')
    expect(error.message).toMatch(/did not answer in time.*same idempotency key/)
    const retried = await untilAnswered(
      () => node.hub.publish('a', 'twice', once).catch(() => undefined),
      (publication) => publication !== undefined,
    )
    await node.hub.publish('a', 'behind')
    await notes.untilDelivered(3)
    expect([notes.words, retried?.position?.offset]).toEqual([['before', 'twice', 'behind'], 2])
  })

  test('frozen, is found out by asking, also when nobody publishes', async () => {
    const node = await hub(IMPATIENT)
    const notes = await notesOf(node, 'a')
    redis.freeze()
    await untilStatus(node.broker, 'disconnected').finally(() => redis.thaw())
    expect(node.hub.status).toMatchObject({ why: expect.stringContaining(`Redis at 127.0.0.1:${redis.port}`) })
    expect(node.hub.status).toMatchObject({ why: expect.stringContaining('did not answer in time') })
    await untilStatus(node.broker, 'connected')
    await node.hub.publish('a', 'behind')
    await notes.untilDelivered(1)
  })

  test('frozen, makes a new subscription wait, and loses nothing of what comes behind', async () => {
    const node = await hub({ ...IMPATIENT, pingIntervalMs: 60_000 })
    redis.freeze()
    const notes = new Notes()
    node.hub.subscribe('a', notes)
    await untilStatus(node.broker, 'disconnected').finally(() => redis.thaw())
    await notes.untilLive()
    await node.hub.publish('a', 'behind')
    await notes.untilDelivered(1)
    expect(notes.words).toEqual(['behind'])
  })

  test('frozen, makes a second subscription to a channel wait for its history', async () => {
    const node = await hub({ ...IMPATIENT, pingIntervalMs: 60_000 })
    const first = await notesOf(node, 'a')
    redis.freeze()
    const second = new Notes()
    node.hub.subscribe('a', second)
    await untilStatus(node.broker, 'disconnected').finally(() => redis.thaw())
    await second.untilLive()
    await node.hub.publish('a', 'behind')
    await Promise.all([first.untilDelivered(1), second.untilDelivered(1)])
    expect([first.words, second.words]).toEqual([['behind'], ['behind']])
  })

  test.each(['pubsub', 'normal'])(
    'with its %s connection alone, is away: missed is told, and nothing is lost',
    async (type) => {
      const prefix = uniquePrefix()
      const node = await hub({ prefix })
      const notes = await notesOf(node, 'a')
      const empty = await notesOf(node, 'b')
      for (let i = 1; i <= 5; i++) {
        await redis.cli('CLIENT', 'KILL', 'TYPE', type)
        const published = await untilAnswered(
          () => node.hub.publish('a', i, { idempotencyKey: `k${i}` }).catch(() => undefined),
          (publication) => publication !== undefined,
        )
        expect(published?.position?.offset).toBe(i)
        await notes.untilDelivered(i)
        await empty.untilLive(i + 1)
        await untilStatus(node.broker, 'connected')
      }
      expect(notes.words).toEqual([1, 2, 3, 4, 5])
      expect(node.broker.stats.disconnects).toBe(5)
      expect(node.broker.stats.renewedEpochs).toBe(0)
    },
  )

  test('that is restarted again and again, is always found again, and nothing piles up', async () => {
    const own = await RedisServer.start({ persistence: 'always' })
    onTestFinished(() => own[Symbol.asyncDispose]())
    const warnings: Error[] = []
    const onWarning = (warning: Error): number => warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const node = await hub({ url: own.url, bridge: 'all' })
    const notes = await notesOf(node, 'a')
    for (let i = 0; i < 20; i++) await notesOf(node, `more${i}`)
    for (let i = 1; i <= 20; i++) {
      await own.kill()
      const starting = own.start()
      if (i % 2 === 0) await starting
      await starting
      await untilStatus(node.broker, 'connected')
      await node.hub.publish('a', i)
      await notes.untilDelivered(i)
    }
    expect(notes.words).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    await untilKeptBy(2)
    expect(warnings).toEqual([])
  })

  describe('when the broker is closed', () => {
    async function closing(
      start: (broker: RedisBroker) => Promise<unknown> | undefined,
      url = redis.url,
    ): Promise<void> {
      const broker = new RedisBroker({ ...QUICK, url, prefix: uniquePrefix(), lingerMs: 60_000 })
      const asked = start(broker)
      const settled = Promise.allSettled([asked])
      await broker.close()
      await settled
      await broker.close()
      expect(broker.status.state).toBe('disconnected')
      await untilKeptBy(0)
    }

    test('before it was started: it does not start', async () => {
      await closing(() => undefined)
      const broker = new RedisBroker({ ...QUICK, url: redis.url })
      await broker.close()
      await broker.start(IGNORE)
      expect(broker.status.state).toBe('disconnected')
      await untilKeptBy(0)
    })

    test('while it connects, nothing keeps the process', async () => {
      await closing((broker) => broker.start(IGNORE))
      for (let turns = 1; turns < 12; turns++) {
        const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix: uniquePrefix() })
        const started = broker.start(IGNORE)
        const asked = (): Promise<unknown> =>
          Promise.allSettled([broker.subscribe('a'), broker.history('a'), broker.publish('a', 1)])
        const before = asked()
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
        const after = asked()
        await broker.close()
        await Promise.all([started, before, after])
        await untilKeptBy(0)
      }
    })

    test('while nobody listens there, nothing keeps the process', async () => {
      const url = `redis://127.0.0.1:${await freePort()}`
      await closing((broker) => broker.start(IGNORE), url)
      const broker = new RedisBroker({ ...QUICK, maxReconnectDelayMs: 60_000, url })
      await broker.start(IGNORE)
      expect(broker.status).toMatchObject({ why: expect.stringContaining('ECONNREFUSED') })
      await broker.close()
      await untilKeptBy(0)
    })

    test('while somebody listens who never answers, nothing keeps the process', async () => {
      const sockets: Socket[] = []
      const silent = createServer((socket) => {
        socket.on('error', () => {})
        sockets.push(socket)
      })
      await new Promise<void>((resolve) => {
        silent.listen(0, '127.0.0.1', resolve)
      })
      const broker = new RedisBroker({
        ...QUICK,
        url: `redis://127.0.0.1:${(silent.address() as { port: number }).port}`,
      })
      const started = broker.start(IGNORE)
      await untilAnswered(
        async () => sockets.length,
        (count) => count === 2,
      )
      await broker.close()
      await started
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => silent.close(resolve))
      await untilKeptBy(0)
    })

    test('while it resumes or lingers, nothing keeps the process', async () => {
      const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix: uniquePrefix(), lingerMs: 60_000 })
      let missed = 0
      await broker.start(listenerOf({ missed: () => void missed++ }))
      for (let i = 0; i < 600; i++) await broker.subscribe(`c${i}`)
      await broker.unsubscribe('c0')
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await untilAnswered(
        async () => missed,
        (count) => count > 0,
      )
      await broker.close()
      await untilKeptBy(0)
    })

    test('while it is frozen, nothing keeps the process, and who waits is told', async () => {
      const broker = new RedisBroker({ ...QUICK, url: redis.url, prefix: uniquePrefix() })
      await broker.start(IGNORE)
      redis.freeze()
      const asked = [broker.publish('a', 1), broker.history('a')]
      const codes = Promise.all(asked.map(async (each) => (await rejection(each)).code))
      await broker.close()
      expect(await codes.finally(() => redis.thaw())).toEqual(['ERR_NOT_ACKNOWLEDGED', 'ERR_BROKER_UNAVAILABLE'])
      await untilKeptBy(0)
    })
  })
})
