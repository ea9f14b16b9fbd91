import { MemoryBroker, type MemoryBrokerOptions } from '@wigwag/hub'
import { brokerContract, listenerOf } from '@wigwag/hub/testing'
import { describe, expect, test } from 'vitest'
import { createManualBroker } from '../support/manual-broker.ts'

describe('the memory broker keeps the contract of brokers', () => {
  for (const { name, run } of brokerContract) {
    test(name, () =>
      run((history) => {
        const { broker, clock, ports } = createManualBroker({ history })
        return {
          broker,
          advance: (ms) => {
            clock.nowMs += ms
          },
          restart: () => new MemoryBroker({ history }, ports),
        }
      }),
    )
  }
})

describe('maxChannels', () => {
  test('forgets the channel that was unused for longest, and its positions become a gap', async () => {
    const { broker } = createManualBroker({ maxChannels: 2 })
    const { position } = await broker.publish('a', 1)
    await broker.publish('b', 2)
    await broker.publish('c', 3)
    expect((await broker.history('a', position)).gap?.reason).toBe('epoch-changed')
  })

  test('reading a channel is a use of it', async () => {
    const { broker } = createManualBroker({ maxChannels: 2 })
    const a = await broker.publish('a', 1)
    await broker.publish('b', 2)
    await broker.history('a')
    await broker.publish('c', 3)
    expect((await broker.history('a', a.position)).gap).toBeUndefined()
  })

  test('never forgets a channel that somebody is subscribed to; with no other left, publishing is ERR_CHANNEL_LIMIT', async () => {
    const { broker } = createManualBroker({ maxChannels: 1 })
    await broker.subscribe('a')
    const { position } = await broker.publish('a', 1)
    await expect(broker.publish('b', 2)).rejects.toMatchObject({ code: 'ERR_CHANNEL_LIMIT' })
    await broker.subscribe('b')
    await expect(broker.history('b')).rejects.toMatchObject({ code: 'ERR_CHANNEL_LIMIT' })
    await broker.unsubscribe('b')
    expect((await broker.history('a', position)).gap).toBeUndefined()
    await broker.unsubscribe('a')
    await expect(broker.publish('b', 2)).resolves.toMatchObject({ data: 2 })
  })
})

describe('channels that were only looked at', () => {
  test('take nothing from those that were published to: they are forgotten when they are left', async () => {
    const { broker } = createManualBroker({ maxChannels: 2 })
    const { position } = await broker.publish('kept', 1)
    for (const name of ['a', 'b', 'c', 'd']) {
      await broker.subscribe(name)
      await broker.history(name)
      await broker.unsubscribe(name)
    }
    expect((await broker.history('kept', position)).gap).toBeUndefined()
  })

  test('take nothing either when nobody was subscribed', async () => {
    const { broker } = createManualBroker({ maxChannels: 2 })
    const { position } = await broker.publish('kept', 1)
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(await broker.history(name, 'latest')).toMatchObject({ position: { offset: 0 }, publications: [] })
    }
    expect((await broker.history('kept', position)).gap).toBeUndefined()
  })

  test('say the same when they are looked at again: nothing was lost', async () => {
    const { broker } = createManualBroker()
    await broker.subscribe('a')
    const { position } = await broker.history('a')
    await broker.unsubscribe('a')
    expect((await broker.history('a', position)).gap).toBeUndefined()
  })
})

describe('maxTotalBytes', () => {
  test('above it the history of the channel that was unused longest goes, and the gap is told', async () => {
    const { broker } = createManualBroker({ maxTotalBytes: 250 })
    const before = { offset: 0, epoch: 'epoch-1' }
    for (const name of ['a', 'b', 'c']) await broker.publish(name, 'x'.repeat(100))
    expect(await broker.history('a', before)).toMatchObject({ publications: [], gap: { reason: 'history-expired' } })
    for (const name of ['b', 'c']) expect((await broker.history(name, before)).publications).toHaveLength(1)
    expect(await broker.publish('a', 'y')).toMatchObject({ position: { offset: 2, epoch: 'epoch-1' } })
  })

  test('what has expired in channels that nobody uses makes room by itself', async () => {
    const { broker, clock, sweep } = createManualBroker({ maxTotalBytes: 250, history: { ttlMs: 1000 } })
    await broker.start(listenerOf())
    await broker.publish('old', 'x'.repeat(100))
    clock.nowMs += 1001
    sweep()
    const { position } = await broker.publish('a', 'x'.repeat(100))
    await broker.publish('b', 'x'.repeat(100))
    expect((await broker.history('a', { ...(position as { epoch: string }), offset: 0 })).publications).toHaveLength(1)
  })
})

describe('without history', () => {
  test('whoever comes back from a position is told that nobody knows what was missed', async () => {
    const { broker } = createManualBroker({ history: { size: 0 } })
    const after = { offset: 3, epoch: 'e' }
    expect(await broker.history('a', after)).toEqual({
      position: undefined,
      publications: [],
      gap: { reason: 'no-history', after, position: undefined },
    })
  })

  test('publications carry no position, history is empty, and subscribers are told all the same', async () => {
    const { broker } = createManualBroker({ history: { size: 0 } })
    const told: unknown[] = []
    await broker.start(listenerOf({ publication: ({ data }) => void told.push(data) }))
    await broker.subscribe('a')
    expect((await broker.publish('a', 1)).position).toBeUndefined()
    for (const from of [undefined, 'latest'] as const) {
      expect(await broker.history('a', from)).toEqual({ position: undefined, publications: [], gap: undefined })
    }
    expect(told).toEqual([1])
  })
})

describe('an option out of range is ERR_OPTION and named', () => {
  const wrong: [string, MemoryBrokerOptions][] = [
    ['history.size', { history: { size: -1 } }],
    ['history.ttlMs', { history: { ttlMs: 0 } }],
    ['history.maxBytes', { history: { maxBytes: Number.NaN } }],
    ['maxChannels', { maxChannels: 1.5 }],
  ]
  test.each(wrong)('%s', (name, options) => {
    const create = () => createManualBroker(options)
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }))
  })
})

describe('idempotency keys', () => {
  test('are forgotten after idempotencyTtlMs', async () => {
    const { broker, clock } = createManualBroker({ idempotencyTtlMs: 1000 })
    const first = await broker.publish('a', 1, { idempotencyKey: 'k' })
    clock.nowMs += 999
    expect(await broker.publish('a', 1, { idempotencyKey: 'k' })).toEqual(first)
    clock.nowMs += 1
    expect(await broker.publish('a', 1, { idempotencyKey: 'k' })).toMatchObject({ position: { offset: 2 } })
  })

  test('above maxIdempotencyKeys the oldest is forgotten', async () => {
    const { broker } = createManualBroker({ maxIdempotencyKeys: 2 })
    for (const idempotencyKey of ['one', 'two', 'three']) await broker.publish('a', 1, { idempotencyKey })
    expect(await broker.publish('a', 1, { idempotencyKey: 'three' })).toMatchObject({ position: { offset: 3 } })
    expect(await broker.publish('a', 1, { idempotencyKey: 'one' })).toMatchObject({ position: { offset: 4 } })
  })
})
