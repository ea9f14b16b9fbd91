import { Hub } from '@wigwag/hub'
import { RedisBroker } from '@wigwag/redis'
import { hasRedis, RedisSentinels, RedisServer } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NoteTaker } from './support/note-taker.ts'
import { uniquePrefix, untilStatus } from './support/redis-brokers.ts'

interface Failover {
  readonly brokers: readonly RedisBroker[]
  readonly hubs: readonly Hub[]
  readonly master: RedisServer
  /** The replica follows no more: from now on it falls behind. */
  isolateReplica(): Promise<void>
  /** Ends the master as a crash would; resolves when the replica is the master and both hubs have found it. */
  failOver(): Promise<void>
}

/** A master, its replica and three sentinels, with two hubs that know only the sentinels. */
async function startFailover(): Promise<Failover> {
  const master = await RedisServer.start({
    args: ['--user', 'follower', 'on', '>secret', '+psync', '+replconf', '+ping', '--repl-diskless-sync-delay', '0'],
  })
  const follow = ['--replicaof', '127.0.0.1', String(master.port), '--masteruser', 'follower', '--masterauth', 'secret']
  const replica = await RedisServer.start({ args: follow })
  const sentinels = await RedisSentinels.start(master.port, 1)
  const options = { url: sentinels.url, prefix: uniquePrefix(), maxReconnectDelayMs: 100 }
  const brokers = [new RedisBroker(options), new RedisBroker(options)]
  const hubs = brokers.map((broker) => new Hub({ broker }))
  onTestFinished(async () => {
    for (const hub of hubs) await hub.close()
    for (const started of [sentinels, replica, master]) await started[Symbol.asyncDispose]()
  })
  for (const broker of brokers) await untilStatus(broker, 'connected')
  return {
    brokers,
    hubs,
    master,
    async isolateReplica() {
      // Sentinels would give it the master's own address again if it followed by way of a proxy.
      await master.cli('acl', 'setuser', 'follower', 'off')
      await master.cli('client', 'kill', 'type', 'replica')
    },
    async failOver() {
      await master.kill()
      for (const broker of brokers) await untilStatus(broker, 'disconnected')
      await sentinels.untilMaster(replica.port)
      for (const broker of brokers) await untilStatus(broker, 'connected')
    },
  }
}

describe.skipIf(!hasRedis)('the master dies and sentinels make its replica the master', { timeout: 60_000 }, () => {
  test('a replica that had everything goes on: same epoch, nothing lost, nothing told twice', async () => {
    const { hubs, master, failOver } = await startFailover()
    const [here, there] = hubs as [Hub, Hub]
    const notes = await Promise.all(hubs.map((hub) => NoteTaker.subscribe(hub, 'foo')))
    for (let i = 0; i < 10; i++) await here.publish('foo', i)
    expect(await master.cli('wait', '1', '5000')).toBe('1')
    await failOver()
    for (let i = 10; i < 20; i++) await there.publish('foo', i)
    for (const note of notes) {
      await note.until(19)
      expect(note.data).toEqual(Array.from({ length: 20 }, (_, i) => i))
      expect(note.gaps).toEqual([])
      expect(new Set(note.epochs).size).toBe(1)
    }
  })

  test('a replica that was behind what was delivered gets a new epoch: subscribers are told of the gap and miss nothing new', async () => {
    const { hubs, brokers, isolateReplica, master, failOver } = await startFailover()
    const [here, there] = hubs as [Hub, Hub]
    const notes = await Promise.all(hubs.map((hub) => NoteTaker.subscribe(hub, 'foo')))
    await here.publish('foo', 'replicated')
    expect(await master.cli('wait', '1', '5000')).toBe('1')
    await isolateReplica()
    const lost = []
    for (const data of ['lost 1', 'lost 2', 'lost 3']) lost.push(await here.publish('foo', data))
    for (const note of notes) await note.until('lost 3')
    await failOver()
    // As many as were lost: their offsets are the same, and would be taken for known in the old epoch.
    for (const data of ['new 1', 'new 2', 'new 3']) await there.publish('foo', data)
    for (const note of notes) {
      await note.until('new 3')
      expect(note.gaps.map(({ reason }) => reason)).toEqual(['epoch-changed'])
      expect(note.data.slice(-3)).toEqual(['new 1', 'new 2', 'new 3'])
      expect(new Set(note.epochs).size).toBe(2)
    }
    // A browser that was away meanwhile comes back with the position that it had.
    const { gap } = await here.history('foo', lost.at(-1)?.position)
    expect(gap?.reason).toBe('epoch-changed')
    expect(brokers.reduce((sum, { stats }) => sum + stats.renewedEpochs, 0)).toBe(1)
  })
})
