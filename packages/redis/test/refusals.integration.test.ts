import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hub, HubError } from '@wigwag/hub'
import { listenerOf } from '@wigwag/hub/testing'
import { RedisBroker, type RedisBrokerOptions } from '@wigwag/redis'
import { freePort, hasRedis, RedisServer, redisCli } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hubOnRedis, Notes, notesOf, untilAnswered } from './support/hubs-on-redis.ts'
import { QUICK, uniquePrefix, untilStatus } from './support/redis-brokers.ts'

describe.skipIf(!hasRedis)('a Redis that refuses', () => {
  async function server(...args: string[]): Promise<RedisServer> {
    const redis = await RedisServer.start({ args })
    onTestFinished(() => redis[Symbol.asyncDispose]())
    return redis
  }

  function brokerOf(options: RedisBrokerOptions): RedisBroker {
    const broker = new RedisBroker({ ...QUICK, prefix: uniquePrefix(), ...options })
    onTestFinished(() => broker.close())
    return broker
  }

  /** Why the broker says that it is disconnected, once that matches. */
  async function why(broker: RedisBroker, pattern: RegExp): Promise<string> {
    return untilAnswered(
      async () => (broker.status.state === 'disconnected' ? broker.status.why : ''),
      (text) => pattern.test(text),
    )
  }

  async function refusal(promise: Promise<unknown>): Promise<string> {
    const error = await promise.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HubError)
    expect((error as HubError).code).toBe('ERR_BROKER_UNAVAILABLE')
    return (error as HubError).message
  }

  test('a wrong password, or none, says so without showing it; the right one is let in', async () => {
    const redis = await server('--requirepass', 'open-sesame')
    const at = (login: string): string => `redis://${login}127.0.0.1:${redis.port}`
    for (const [login, words] of [
      [':hunter2@', /WRONGPASS/],
      ['', /NOAUTH/],
      ['ada:hunter2@', /WRONGPASS/],
    ] as const) {
      const broker = brokerOf({ url: at(login) })
      const hub = new Hub({ broker })
      const told = [await why(broker, words), await refusal(hub.publish('a', 1)), await refusal(hub.history('a'))]
      for (const each of told) {
        expect(each).toMatch(words)
        expect(each).not.toMatch(/hunter2|ada/)
      }
      expect(told[1]).toContain('Nothing was published')
    }
    const node = await hubOnRedis({ url: at(':open-sesame@') })
    await node.hub.publish('a', 1)
    await node.hub.close()
  })

  test('a Redis that repeats the command it does not know, and the password in it, is not quoted', async () => {
    const redis = await server('--rename-command', 'HELLO', '', '--rename-command', 'AUTH', '')
    for (const login of [':hunter2', 'ada:hunter2']) {
      const broker = brokerOf({ url: `redis://${login}@127.0.0.1:${redis.port}` })
      await broker.start(listenerOf())
      expect(await why(broker, /unknown command/)).not.toMatch(/hunter2|ada/)
    }
  })

  test('a password that is corrected in Redis is noticed', async () => {
    const redis = await server('--requirepass', 'other')
    const broker = brokerOf({ url: `redis://:secret@127.0.0.1:${redis.port}` })
    await broker.start(listenerOf())
    await redis.cli('-a', 'other', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', 'secret')
    await untilStatus(broker, 'connected')
  })

  test('a user who may not use the pub/sub channels any more is disconnected with that reason, until he may', async () => {
    const redis = await server()
    await redis.cli('ACL', 'SETUSER', 'ada', 'on', '>secret', '~*', '+@all', 'allchannels')
    const node = await hubOnRedis({ url: `redis://ada:secret@127.0.0.1:${redis.port}`, prefix: uniquePrefix() })
    onTestFinished(() => node.hub.close())
    const notes = await notesOf(node, 'a')
    await redis.cli('ACL', 'SETUSER', 'ada', 'resetchannels')
    expect(await why(node.broker, /NOPERM/)).toContain(`Redis at 127.0.0.1:${redis.port}`)
    await redis.cli('ACL', 'SETUSER', 'ada', 'allchannels')
    await untilStatus(node.broker, 'connected')
    await node.hub.publish('a', 'behind')
    await notes.until(() => notes.words.includes('behind'))
    expect(notes.gaps).toEqual([])
  })

  test('history that is refused while other channels are still asked for leaves nobody waiting for ever', async () => {
    const redis = await server()
    await redis.cli('ACL', 'SETUSER', 'ada', 'on', '>secret', '~*', '+@all', 'allchannels')
    const node = await hubOnRedis({ url: `redis://ada:secret@127.0.0.1:${redis.port}`, prefix: uniquePrefix() })
    onTestFinished(() => node.hub.close())
    // More than are asked for at once.
    const channels = Array.from({ length: 300 }, (_, i) => `channel-${i}`)
    const all = await Promise.all(channels.map((channel) => notesOf(node, channel)))
    await Promise.all(channels.map((channel) => node.hub.publish(channel, 1)))
    await Promise.all(all.map((notes) => notes.untilDelivered(1)))
    // What reading needs and checking does not.
    await redis.cli('ACL', 'SETUSER', 'ada', '-time')
    // The broker may be back before the command that cut it off has ended.
    const lost = untilStatus(node.broker, 'disconnected')
    await redis.cli('CLIENT', 'KILL', 'USER', 'ada')
    await lost
    await untilStatus(node.broker, 'connected')
    await Promise.all(all.map((notes) => notes.until(() => notes.failures.length > 0)))
    expect(all[0]?.failures[0]?.message).toContain('History could not be read')
  })

  test('a channel that is refused when Redis is back ends its own subscriptions, not all channels', async () => {
    const prefix = uniquePrefix()
    const redis = await server('--user', 'ada', 'on', '>secret', '~*', '+@all', `&${prefix}:*`)
    const url = `redis://ada:secret@127.0.0.1:${redis.port}`
    const node = await hubOnRedis({ url, prefix, bridge: ['foo'] })
    onTestFinished(() => node.hub.close())
    const allowed = await notesOf(node, 'a')
    await redis.kill()
    await untilStatus(node.broker, 'disconnected')
    const refused = new Notes()
    node.hub.subscribe('foo', refused)
    await redis.start()
    await untilStatus(node.broker, 'connected')
    await refused.until(() => refused.failures.length > 0)
    expect(refused.failures[0]?.message).toMatch(/Redis refused the subscription: NOPERM/)
    await node.hub.publish('a', 1)
    await allowed.untilDelivered(1)
    expect(node.hub.stats.subscriptions).toBe(1)
  })

  test('a channel whose keys another program has taken ends its own subscriptions, not all channels', async () => {
    const redis = await server()
    const prefix = uniquePrefix()
    const node = await hubOnRedis({ url: redis.url, prefix })
    onTestFinished(() => node.hub.close())
    const [taken, free] = [await notesOf(node, 'taken'), await notesOf(node, 'free')]
    for (const channel of ['taken', 'free']) await node.hub.publish(channel, 1)
    for (const notes of [taken, free]) await notes.untilDelivered(1)
    await redis.cli('SET', `${prefix}:{taken}:meta`, 'something else')
    // The broker may be back before the command that cut it off has ended.
    const lost = untilStatus(node.broker, 'disconnected')
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await lost
    await untilStatus(node.broker, 'connected')
    await taken.until(() => taken.failures.length > 0)
    expect(taken.failures[0]?.message).toContain('WRONGTYPE')
    await node.hub.publish('free', 2)
    await free.untilDelivered(2)
  })

  test('what it is refused over and over it asks less and less often', async () => {
    const redis = await server()
    await redis.cli('ACL', 'SETUSER', 'ada', 'on', '>secret', '~*', '+@all', 'resetchannels')
    const url = `redis://ada:secret@127.0.0.1:${redis.port}`
    const broker = brokerOf({ url, maxReconnectDelayMs: 3_600_000 })
    await broker.start(listenerOf())
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1])
    // Each look is a connection, too. Without waiting longer each time, two of its own would come with every few looks.
    let [looks, own] = [0, 0]
    while (looks < 60) own = (await connections()) - ++looks
    expect(own).toBeLessThan(40)
    expect(broker.status.state).toBe('disconnected')
  })

  test('a version without sharded pub/sub is named', async () => {
    const redis = await server('--rename-command', 'SSUBSCRIBE', '')
    const broker = brokerOf({ url: redis.url })
    await broker.start(listenerOf())
    expect(await why(broker, /older than Redis 7/)).toContain('Redis at')
  })

  test('a replica says READONLY, and a publication to it is not told; as a master again it takes it', async () => {
    const redis = await server()
    const node = await hubOnRedis({ url: redis.url, prefix: uniquePrefix() })
    onTestFinished(() => node.hub.close())
    const notes = await notesOf(node, 'a')
    await redis.cli('REPLICAOF', '127.0.0.1', String(await freePort()))
    await untilStatus(node.broker, 'connected')
    expect(await refusal(node.hub.publish('a', 'refused'))).toMatch(/READONLY.*Nothing was published/)
    await redis.cli('REPLICAOF', 'NO', 'ONE')
    await untilAnswered(
      () => node.hub.publish('a', 'taken', { idempotencyKey: 'k' }).catch(() => undefined),
      (publication) => publication !== undefined,
    )
    await notes.untilDelivered(1)
    expect(notes.words).toEqual(['taken'])
  })

  test('a full memory says OOM, nothing is told or stored, and nothing is missing behind it', async () => {
    const redis = await server('--maxmemory-policy', 'noeviction')
    const node = await hubOnRedis({ url: redis.url, prefix: uniquePrefix() })
    onTestFinished(() => node.hub.close())
    const notes = await notesOf(node, 'a')
    const first = await node.hub.publish('a', 'before')
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
    for (const channel of ['a', 'fresh']) {
      const message = await refusal(node.hub.publish(channel, 'refused', { idempotencyKey: 'k' }))
      expect(message).toMatch(/OOM.*Nothing was published/)
      expect(message).not.toMatch(/script|[0-9a-f]{40}/)
    }
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    const behind = await node.hub.publish('a', 'behind', { idempotencyKey: 'k' })
    await notes.untilDelivered(2)
    expect([notes.words, behind.position]).toEqual([['before', 'behind'], { ...first.position, offset: 2 }])
    expect((await node.hub.publish('fresh', 1)).position?.offset).toBe(1)
  })

  test('one that is loading is waited for, but nobody who publishes is', async () => {
    const args = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024']
    const redis = await RedisServer.start({ persistence: 'always', args })
    onTestFinished(() => redis[Symbol.asyncDispose]())
    await redis.cli('EVAL', "for i = 1, 6000 do redis.call('SET', i, i) end", '0')
    await redis.kill()
    const started = redis.start()
    await untilAnswered(
      () => redisCli(redis.port, 'INFO', 'persistence').catch(() => ''),
      (answer) => answer.includes('loading:1'),
    )
    const broker = brokerOf({ url: redis.url, commandTimeoutMs: 300 })
    const hub = new Hub({ broker })
    expect(await refusal(hub.publish('a', 1))).toContain('Nothing was published')
    expect(broker.status.state).toBe('disconnected')
    await started
    await untilStatus(broker, 'connected')
    await hub.publish('a', 1)
  })
})

describe.skipIf(!hasRedis)('a Redis behind TLS', () => {
  test('is used when its certificate can be trusted, and otherwise says why not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-redis-tls-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
    spawnSync('openssl', ['req', ...form, '-keyout', key, '-out', cert, ...names])
    const port = await freePort()
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
    const redis = await RedisServer.start({ args: ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no'] })
    onTestFinished(() => redis[Symbol.asyncDispose]())

    const url = `rediss://localhost:${port}`
    const client = { tls: { ca: readFileSync(cert, 'utf8') } }
    const node = await hubOnRedis({ url, client, prefix: uniquePrefix() })
    onTestFinished(() => node.hub.close())
    const notes = await notesOf(node, 'a')
    await node.hub.publish('a', 'sealed')
    await notes.untilDelivered(1)

    const untrusting = new RedisBroker({ ...QUICK, url })
    onTestFinished(() => untrusting.close())
    await untrusting.start(listenerOf())
    expect(untrusting.status).toMatchObject({ state: 'disconnected', why: expect.stringMatching(/self.signed/) })
  })
})
