import { type BrokerContractEntry, BrokerProbe, dataOf, positionOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame } from './contract-assertions.ts'

const SMALL = { size: 5, ttlMs: 60_000 }

/** Keeping: what history gives back, and the gaps that it owns up to. */
export const historyCases: readonly BrokerContractEntry[] = [
  {
    name: 'history without a position says where the stream stands, and nothing else',
    async check({ broker }) {
      const last = await broker.publish('a', 1)
      const history = await broker.history('a')
      assertSame(history, { position: positionOf(last), publications: [], gap: undefined }, 'only the position is told')
    },
  },
  {
    name: 'history after a position has none, some or all of the stream, oldest first, without a gap',
    async check(probe) {
      const { broker } = probe
      const before = standOf(await broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3, 4])
      const all = await broker.history('a', before)
      assertSame(dataOf(all), [1, 2, 3, 4], 'all comes after where the stream began')
      assertSame(await probe.dataAfter('a', positionOf(published[1])), [3, 4], 'some comes after the second')
      const none = await broker.history('a', positionOf(published[3]))
      assertSame(dataOf(none), [], 'nothing comes after the last')
      for (const { gap, position } of [all, none]) {
        assertSame(gap, undefined, 'nothing is gone')
        assertSame(position, positionOf(published[3]), 'the stream stands at its last publication')
      }
    },
  },
  {
    name: 'the latest of a history is its newest publication, and where the stream stands',
    async check(probe) {
      const { broker } = probe
      const published = await probe.publishAll('a', [1, { two: 2 }, Uint8Array.of(3)])
      const latest = await broker.history('a', 'latest')
      const expected = { position: positionOf(published[2]), publications: [published[2]], gap: undefined }
      assertSame(latest, expected, 'only the newest is told, as publish resolved with it')
      await broker.publish('a', 4)
      assertSame(dataOf(await broker.history('a', 'latest')), [4], 'the newest is told, once there is a newer one')
    },
  },
  {
    name: 'the latest of a channel that nobody published to is nothing, and it stands somewhere',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      const latest = await broker.history('a', 'latest')
      assertSame(latest, { position: before, publications: [], gap: undefined }, 'there is nothing')
    },
  },
  {
    name: 'the latest of a history that has expired is nothing, and the stream stands where it did',
    history: { size: 100, ttlMs: 1000 },
    async check({ broker, subject }) {
      const position = positionOf(await broker.publish('a', 'old'))
      await subject.advance(2000)
      const latest = await broker.history('a', 'latest')
      assertSame(latest, { position, publications: [], gap: undefined }, 'what is too old is gone, and that is no gap')
    },
  },
  {
    name: 'a channel that nobody published to stands somewhere, and after that nothing is gone',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      const history = await broker.history('a', before)
      assertSame(history, { position: before, publications: [], gap: undefined }, 'nothing happened')
    },
  },
  {
    name: 'what expired by size is a gap: history-expired, with what is still held',
    history: SMALL,
    async check(probe) {
      const { broker } = probe
      const before = standOf(await broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3, 4, 5, 6, 7])
      const history = await broker.history('a', before)
      const position = positionOf(published[6])
      assertSame(history.gap, { reason: 'history-expired', after: before, position }, 'the gap is told')
      assertSame(dataOf(history).at(-1), 7, 'the newest publication is held')
      assertKept(history.publications.length < 7, 'more is held than history.size allows for')
    },
  },
  {
    name: 'a position from which everything is still held is no gap, however much expired before it',
    history: SMALL,
    async check(probe) {
      const published = await probe.publishAll('a', [1, 2, 3, 4, 5, 6, 7, 8, 9])
      const history = await probe.broker.history('a', positionOf(published[6]))
      assertSame(history.gap, undefined, 'nothing that came after is gone')
      assertSame(dataOf(history), [8, 9], 'what came after is held')
    },
  },
  {
    name: 'what expired by age is a gap: history-expired, and the offsets go on',
    history: { size: 100, ttlMs: 1000 },
    async check(probe) {
      const { broker, subject } = probe
      const before = standOf(await broker.history('a'))
      const old = await broker.publish('a', 'old')
      await subject.advance(2000)
      const expired = await broker.history('a', before)
      assertSame(dataOf(expired), [], 'what is too old is gone')
      assertSame(expired.gap?.reason, 'history-expired', 'the gap is told')
      assertSame((await broker.history('a', positionOf(old))).gap, undefined, 'whoever had it misses nothing')
      const fresh = positionOf(await broker.publish('a', 'new'))
      assertSame(fresh.epoch, before.epoch, 'the stream is the same')
      assertKept(fresh.offset > positionOf(old).offset, 'the offsets go on from where they were')
      assertSame(await probe.dataAfter('a', positionOf(old)), ['new'], 'what is young enough is held')
    },
  },
  {
    name: 'a position of an epoch that is unknown is a gap: epoch-changed, with what is held',
    async check(probe) {
      const { broker } = probe
      const [, last] = await probe.publishAll('a', [1, 2])
      const after = { epoch: 'never-given-out', offset: 1 }
      const history = await broker.history('a', after)
      assertSame(history.gap, { reason: 'epoch-changed', after, position: positionOf(last) }, 'the gap is told')
      assertSame(dataOf(history), [1, 2], 'what is held comes along')
    },
  },
  {
    name: 'a position ahead of the stream is a gap: epoch-changed',
    async check({ broker }) {
      const position = positionOf(await broker.publish('a', 1))
      const after = { epoch: position.epoch, offset: position.offset + 1_000_000 }
      const { gap } = await broker.history('a', after)
      assertSame(gap, { reason: 'epoch-changed', after, position }, 'the gap is told')
    },
  },
  {
    name: 'a broker that was started again goes on with its streams or owns up to a gap, and repeats no position',
    async check(probe) {
      const { subject } = probe
      if (subject.restart === undefined) return
      const last = positionOf(await probe.broker.publish('a', 'before'))
      const again = await BrokerProbe.start(subject, await subject.restart())
      try {
        const { gap } = await again.broker.history('a', last)
        const next = positionOf(await again.broker.publish('a', 'after'))
        if (next.epoch === last.epoch) {
          assertSame(gap, undefined, 'a stream that lives on has no gap')
          assertKept(next.offset > last.offset, 'offsets strictly increase across a restart')
        } else assertSame(gap?.reason, 'epoch-changed', 'a stream that was lost is a gap')
      } finally {
        await again.broker.close()
      }
    },
  },
]
