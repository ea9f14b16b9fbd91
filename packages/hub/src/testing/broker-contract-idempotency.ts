import { type BrokerContractEntry, dataOf, standOf } from './broker-subject.ts'
import { assertSame, rejectionOf } from './contract-assertions.ts'

/** Publishing again with the same key. */
export const idempotencyCases: readonly BrokerContractEntry[] = [
  {
    name: 'a key that was used makes a publication once: same position, same time, told once',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const before = standOf(await broker.history('a'))
      const first = await broker.publish('a', 1, { idempotencyKey: 'k' })
      const again = await broker.publish('a', 1, { idempotencyKey: 'k' })
      assertSame(again, first, 'both publishers are told of the same publication')
      await broker.publish('a', 2)
      await probe.untilTold('a', 2)
      assertSame(dataOf({ ...(await broker.history('a', before)) }), [1, 2], 'it is stored once')
      assertSame(
        probe.told('a').map(({ data }) => data),
        [1, 2],
        'it is told once',
      )
    },
  },
  {
    name: 'a key that is used many times at once makes a publication once',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      const all = await Promise.all(Array.from({ length: 20 }, () => broker.publish('a', 'x', { idempotencyKey: 'k' })))
      for (const each of all) assertSame(each, all[0], 'all are told of the same publication')
      assertSame(dataOf(await broker.history('a', before)), ['x'], 'it is stored once')
    },
  },
  {
    name: 'a key belongs to its channel, and another key is another publication',
    async check({ broker }) {
      const [inA, inB] = [standOf(await broker.history('a')), standOf(await broker.history('b'))]
      await broker.publish('a', 1, { idempotencyKey: 'k' })
      await broker.publish('b', 1, { idempotencyKey: 'k' })
      await broker.publish('a', 2, { idempotencyKey: 'K' })
      await broker.publish('a', 3)
      assertSame(dataOf(await broker.history('a', inA)), [1, 2, 3], 'each is stored')
      assertSame(dataOf(await broker.history('b', inB)), [1], 'a key of another channel does not matter')
    },
  },
  {
    name: 'a key makes a publication once without history, too',
    history: { size: 0, ttlMs: 60_000 },
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      for (const data of [1, 1, 1]) await broker.publish('a', data, { idempotencyKey: 'k' })
      await broker.publish('a', 2)
      await probe.untilTold('a', 2)
      assertSame(
        probe.told('a').map(({ data }) => data),
        [1, 2],
        'it is told once',
      )
    },
  },
  {
    name: 'what cannot be a key is refused: ERR_IDEMPOTENCY_KEY',
    async check({ broker }) {
      for (const idempotencyKey of ['', 'x'.repeat(256)]) {
        const error = await rejectionOf(broker.publish('a', 1, { idempotencyKey }))
        assertSame(error.code, 'ERR_IDEMPOTENCY_KEY', 'the error says what is wrong')
      }
    },
  },
]
