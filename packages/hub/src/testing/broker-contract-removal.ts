import { type BrokerContractEntry, dataOf, positionOf, standOf } from './broker-subject.ts'
import { assertSame, rejectionOf } from './contract-assertions.ts'

/** Letting go of a history. */
export const removalCases: readonly BrokerContractEntry[] = [
  {
    name: 'a history that is removed is gone and the stream stands: earlier positions are a gap, and offsets go on',
    async check(probe) {
      const { broker } = probe
      const before = standOf(await broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3])
      const position = positionOf(published[2])
      await probe.broker.publish('b', 'kept')
      await broker.removeHistory('a')
      for (const after of [before, positionOf(published[1])]) {
        const history = await broker.history('a', after)
        const gap = { reason: 'history-expired', after, position }
        assertSame(history, { position, publications: [], gap }, 'what was removed is a gap')
      }
      assertSame((await broker.history('a', position)).gap, undefined, 'whoever had all misses nothing')
      const next = positionOf(await broker.publish('a', 4))
      assertSame(next, { ...position, offset: position.offset + 1 }, 'the stream goes on')
      assertSame(await probe.dataAfter('a', position), [4], 'what comes later is held')
      assertSame(dataOf(await broker.history('b', 'latest')), ['kept'], 'other channels keep theirs')
    },
  },
  {
    name: 'a history is removed from a channel that nobody published to, from one without history, and twice',
    histories: { none: { size: 0, ttlMs: 60_000, maxBytes: 1000 } },
    async check({ broker }) {
      for (const channel of ['none', 'a', 'a']) await broker.removeHistory(channel)
      const before = standOf(await broker.history('a'))
      await broker.publish('a', 1)
      for (let i = 0; i < 2; i++) await broker.removeHistory('a')
      const history = await broker.history('a', before)
      assertSame([history.gap?.reason, dataOf(history)], ['history-expired', []], 'it is gone')
    },
  },
  {
    name: 'what is removed is not told again, nor published again with its key',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const first = await broker.publish('a', 1, { idempotencyKey: 'k' })
      await broker.removeHistory('a')
      assertSame(await broker.publish('a', 1, { idempotencyKey: 'k' }), first, 'the key is remembered')
      await broker.publish('a', 2)
      await probe.untilTold('a', 2)
      assertSame(dataOf(await broker.history('a', undefined, {})), [2], 'it is not stored again')
      assertSame(
        probe.told('a').map(({ data }) => data),
        [1, 2],
        'nor told again',
      )
    },
  },
  {
    name: 'while the store is away, a history cannot be removed: ERR_BROKER_UNAVAILABLE',
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      await broker.publish('a', 1)
      await outage.begin()
      assertSame((await rejectionOf(broker.removeHistory('a'))).code, 'ERR_BROKER_UNAVAILABLE', 'the error says why')
      await outage.end()
      assertSame(dataOf(await broker.history('a', 'latest')), [1], 'what was refused was not done later')
    },
  },
]
