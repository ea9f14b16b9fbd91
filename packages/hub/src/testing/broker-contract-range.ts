import type { HistoryRange, HistoryStart } from '../index.ts'
import { type BrokerContractEntry, type BrokerProbe, dataOf, positionOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame } from './contract-assertions.ts'

type Asked = readonly [from: HistoryStart | undefined, range: HistoryRange | undefined, expected: readonly unknown[]]

async function assertReads(probe: BrokerProbe, asks: readonly Asked[]): Promise<void> {
  const position = standOf(await probe.broker.history('a'))
  for (const [from, range, expected] of asks) {
    const what = JSON.stringify({ from, range })
    const history = await probe.broker.history('a', from, range)
    assertSame(dataOf(history), expected, `what is asked for comes in its order, for ${what}`)
    assertSame(history.position, position, `the stream stands where it does, whatever is read of it, for ${what}`)
    assertSame(history.gap, undefined, `nothing is gone, for ${what}`)
  }
}

/** Reading in pieces, forwards and back. */
export const rangeCases: readonly BrokerContractEntry[] = [
  {
    name: 'a limit reads the first so many behind a position, and says where the stream stands as a whole',
    async check(probe) {
      const before = standOf(await probe.broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3, 4, 5])
      const second = positionOf(published[1])
      await assertReads(probe, [
        [before, { limit: 2 }, [1, 2]],
        [second, { limit: 2 }, [3, 4]],
        [second, { limit: 3 }, [3, 4, 5]],
        [second, { limit: 100 }, [3, 4, 5]],
        [second, { limit: Number.MAX_SAFE_INTEGER }, [3, 4, 5]],
        [second, { limit: 0 }, []],
        [second, {}, [3, 4, 5]],
        [positionOf(published[4]), { limit: 2 }, []],
      ])
    },
  },
  {
    name: 'in reverse history has what came before a position, newest first',
    async check(probe) {
      const before = standOf(await probe.broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3, 4, 5])
      const fourth = positionOf(published[3])
      await assertReads(probe, [
        [fourth, { reverse: true }, [3, 2, 1]],
        [fourth, { reverse: true, limit: 2 }, [3, 2]],
        [fourth, { reverse: true, limit: 0 }, []],
        [positionOf(published[4]), { reverse: true, limit: 1 }, [4]],
        [positionOf(published[0]), { reverse: true }, []],
        [before, { reverse: true }, []],
      ])
    },
  },
  {
    name: 'a range without a position begins at the oldest, in reverse at the newest; the latest is one',
    async check(probe) {
      await assertReads(probe, [
        [undefined, {}, []],
        [undefined, { reverse: true, limit: 3 }, []],
      ])
      await probe.publishAll('a', [1, { two: 2 }, Uint8Array.of(3)])
      await assertReads(probe, [
        [undefined, {}, [1, { two: 2 }, Uint8Array.of(3)]],
        [undefined, { limit: 2 }, [1, { two: 2 }]],
        [undefined, { reverse: true }, [Uint8Array.of(3), { two: 2 }, 1]],
        [undefined, { reverse: true, limit: 1 }, [Uint8Array.of(3)]],
        [undefined, { limit: 0 }, []],
        [undefined, undefined, []],
        ['latest', { limit: 2 }, [Uint8Array.of(3)]],
        ['latest', { limit: 0 }, []],
      ])
    },
  },
  {
    name: 'a gap is told whatever the limit is; going back, only when nothing before the position is held',
    history: { size: 3, ttlMs: 60_000 },
    async check(probe) {
      const { broker } = probe
      const before = standOf(await broker.history('a'))
      const published = await probe.publishAll('a', [1, 2, 3, 4, 5, 6, 7, 8, 9])
      const position = positionOf(published[8])
      const oldest = (await broker.history('a', undefined, { limit: 1 })).publications[0]
      assertKept(oldest !== undefined, 'history.size publications are held')
      for (const limit of [0, 1]) {
        const history = await broker.history('a', before, { limit })
        assertSame(history.gap, { reason: 'history-expired', after: before, position }, 'the gap is told')
        assertSame(history.publications, limit === 0 ? [] : [oldest], 'what is still held comes, up to the limit')
      }
      const back = await broker.history('a', position, { reverse: true, limit: 1 })
      assertSame([back.gap, dataOf(back)], [undefined, [8]], 'what is right before is held')
      for (const after of [positionOf(oldest), positionOf(published[1])]) {
        const further = await broker.history('a', after, { reverse: true })
        assertSame(dataOf(further), [], 'nothing before is held')
        assertSame(further.gap, { reason: 'history-expired', after, position }, 'the gap is told')
      }
    },
  },
  {
    name: 'of another epoch a range is of what is held, with the gap: epoch-changed',
    async check(probe) {
      const [, last] = await probe.publishAll('a', [1, 2])
      const after = { epoch: 'never-given-out', offset: 2 }
      const gap = { reason: 'epoch-changed', after, position: positionOf(last) }
      for (const [reverse, expected] of [
        [false, [1]],
        [true, [2]],
      ] as const) {
        const history = await probe.broker.history('a', after, { reverse, limit: 1 })
        assertSame([history.gap, dataOf(history)], [gap, expected], 'the gap is told, and what is held comes along')
      }
    },
  },
  {
    name: 'what has expired by age counts for no limit',
    history: { size: 100, ttlMs: 1000 },
    async check(probe) {
      const { broker, subject } = probe
      await probe.publishAll('a', ['old', 'older'])
      await subject.advance(2000)
      await broker.publish('a', 'young')
      for (const range of [{ limit: 1 }, { reverse: true }]) {
        assertSame(dataOf(await broker.history('a', undefined, range)), ['young'], 'only what is young enough comes')
      }
    },
  },
]
