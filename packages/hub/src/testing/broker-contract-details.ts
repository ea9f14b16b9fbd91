import type { ClientInfo } from '@wigwag/protocol'
import type { PublishOptions } from '../index.ts'
import { type BrokerContractEntry, standOf } from './broker-subject.ts'
import { assertSame } from './contract-assertions.ts'

const info: ClientInfo = {
  client: 'c:1',
  user: '5:žluť',
  conn_info: { name: 'Ada', at: [1, null, '}'] },
  chan_info: '',
}
const tags = { trace: 'a:b', 'ž{}': '', '"': '\u0000\n🐎', '': 'x'.repeat(2000) }

const DETAILS: readonly PublishOptions[] = [
  {},
  { tags },
  { info },
  { tags, info },
  { tags: {} },
  { info: { client: 'c', user: '' } },
]

/** What goes along with data. */
export const detailCases: readonly BrokerContractEntry[] = [
  {
    name: 'tags and the session that published go along with every kind of data, to the listener and into history',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const before = standOf(await broker.history('a'))
      const data = ['text', '', { json: ['ž'] }, null, Uint8Array.of(0, 58, 255), Uint8Array.of()]
      const expected = data.flatMap((each) => DETAILS.map((details) => ({ channel: 'a', data: each, ...details })))
      for (const { data: each, ...details } of expected) await broker.publish('a', each, details)
      const told = await probe.untilTold('a', expected.length)
      const { publications } = await broker.history('a', before)
      for (const [i, each] of expected.entries()) {
        const { time, position } = publications[i] ?? {}
        assertSame(publications[i], { ...each, time, position }, 'history has what was given')
        assertSame(told[i], { ...each, time, position }, 'the listener is told what was given')
      }
    },
  },
  {
    name: 'publish resolves with them, once more as well',
    async check({ broker }) {
      const options = { tags: { a: 'b' }, info, idempotencyKey: 'k' }
      const first = await broker.publish('a', 1, options)
      assertSame([first.tags, first.info], [options.tags, info], 'publish resolves with what was given')
      assertSame(await broker.publish('a', 1, options), first, 'with a key that was used, too')
    },
  },
  {
    name: 'they go along without history, and while the store is away',
    history: { size: 0, ttlMs: 60_000 },
    async check(probe) {
      const { broker } = probe
      const { outage } = probe.subject
      await broker.subscribe('a')
      await broker.publish('a', 1, { tags, info })
      const [first] = await probe.untilTold('a', 1)
      assertSame([first?.tags, first?.info], [tags, info], 'the listener is told what was given')
      if (outage === undefined) return
      await outage.begin()
      const { tags: ownTags, info: ownInfo, degraded } = await broker.publish('a', 2, { tags, info })
      assertSame([ownTags, ownInfo, degraded], [tags, info, true], 'so it is here alone')
      await outage.end()
    },
  },
  {
    name: 'with skipHistory a publication is told in its order and not stored; a key makes it once all the same',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const before = standOf(await broker.history('a'))
      await broker.publish('a', 1)
      const skipped = await broker.publish('a', 2, { skipHistory: true, idempotencyKey: 'k', tags })
      assertSame(skipped.position, undefined, 'it has no position')
      const again = await broker.publish('a', 2, { skipHistory: true, idempotencyKey: 'k', tags })
      assertSame([again.position, again.time], [undefined, skipped.time], 'nor has it once more')
      await broker.publish('a', 3)
      const told = await probe.untilTold('a', 3)
      assertSame(
        told.map(({ data, position }) => [data, position === undefined]),
        [
          [1, false],
          [2, true],
          [3, false],
        ],
        'each is told once, in its order',
      )
      assertSame(told[1]?.tags, tags, 'with what goes along')
      assertSame(
        (await broker.history('a', before)).publications.map(({ data }) => data),
        [1, 3],
        'history has the others, without a gap',
      )
    },
  },
]
