import { MemoryBroker, type MemoryBrokerOptions } from '@wigwag/hub'
import { brokerContract } from '@wigwag/hub/testing'
import { describe, expect, test } from 'vitest'
import { createManualBroker } from '../support/manual-broker.ts'

describe('the memory broker keeps the contract of brokers', () => {
  for (const { name, run } of brokerContract) {
    test(name, () =>
      run((history) => {
        const { broker, clock } = createManualBroker({ history })
        let epochs = 0
        return {
          broker,
          advance: (ms) => {
            clock.nowMs += ms
          },
          restart: () =>
            new MemoryBroker({ history }, { now: () => clock.nowMs, createEpoch: () => `again-${++epochs}` }),
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
    await expect(broker.history('b')).rejects.toMatchObject({ code: 'ERR_CHANNEL_LIMIT' })
    expect((await broker.history('a', position)).gap).toBeUndefined()
    await broker.unsubscribe('a')
    await expect(broker.publish('b', 2)).resolves.toMatchObject({ data: 2 })
  })
})

describe('without history', () => {
  test('publications carry no position, history is empty, and subscribers are told all the same', async () => {
    const { broker } = createManualBroker({ history: { size: 0 } })
    const told: unknown[] = []
    await broker.start({ publication: ({ data }) => told.push(data) })
    await broker.subscribe('a')
    expect((await broker.publish('a', 1)).position).toBeUndefined()
    expect(await broker.history('a')).toEqual({ position: undefined, publications: [], gap: undefined })
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
