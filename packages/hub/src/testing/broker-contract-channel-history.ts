import { type BrokerContractEntry, positionOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame } from './contract-assertions.ts'

const BYTES = 4 * 1024 * 1024
const NONE = { size: 0, ttlMs: 60_000 }

/** What the hub says of a channel's history goes before the broker's default. */
export const channelHistoryCases: readonly BrokerContractEntry[] = [
  {
    name: 'a channel of which the hub says so keeps no history, whatever the default is',
    histories: { none: { ...NONE, maxBytes: BYTES } },
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('none')
      const publication = await broker.publish('none', 1)
      assertSame(publication.position, undefined, 'a publication without history has no position')
      assertSame(await probe.untilTold('none', 1), [publication], 'it is told all the same')
      for (const from of [undefined, 'latest'] as const) {
        const history = await broker.history('none', from, from && { limit: 1 })
        assertSame(history, { position: undefined, publications: [], gap: undefined }, 'there is no history')
      }
      const after = { epoch: 'e', offset: 1 }
      const { gap } = await broker.history('none', after)
      assertSame(gap, { reason: 'no-history', after, position: undefined }, 'nobody knows what was missed')
      assertKept((await broker.publish('a', 1)).position !== undefined, 'other channels keep theirs')
    },
  },
  {
    name: 'a channel of which the hub says so keeps history where the default is none',
    history: NONE,
    histories: { kept: { size: 10, ttlMs: 60_000, maxBytes: BYTES } },
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('kept')
      const before = standOf(await broker.history('kept'))
      const published = await probe.publishAll('kept', [1, 2])
      for (const each of published) positionOf(each)
      assertSame(await probe.untilTold('kept', 2), published, 'publications are told with their positions')
      const history = await broker.history('kept', before)
      const expected = { position: positionOf(published[1]), publications: published, gap: undefined }
      assertSame(history, expected, 'the history is held')
      assertSame((await broker.publish('a', 1)).position, undefined, 'other channels keep none')
    },
  },
  {
    name: 'each channel has its own size, age and bytes',
    histories: {
      few: { size: 2, ttlMs: 60_000, maxBytes: BYTES },
      small: { size: 100, ttlMs: 60_000, maxBytes: 250 },
      brief: { size: 100, ttlMs: 1000, maxBytes: BYTES },
      long: { size: 100, ttlMs: 60_000, maxBytes: BYTES },
    },
    async check(probe) {
      const { broker, subject } = probe
      const data = ['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((each) => each.repeat(100))
      for (const channel of Object.keys(probe.histories)) await probe.publishAll(channel, data)
      const held = async (channel: string): Promise<number> =>
        (await broker.history(channel, undefined, {})).publications.length
      assertKept((await held('few')) < data.length, 'more is held than the size of this channel allows for')
      assertKept((await held('small')) < data.length, 'more is held than the bytes of this channel allow for')
      assertSame(await held('long'), data.length, 'what another channel may keep is held')
      await subject.advance(2000)
      assertSame(await held('brief'), 0, 'what is too old for this channel is gone')
      assertSame(await held('long'), data.length, 'what is young enough for another is held')
    },
  },
  {
    name: 'while the store is away, a channel goes by its own history: kept, it is refused; not kept, it is told here',
    histories: { none: { ...NONE, maxBytes: BYTES } },
    async check(probe) {
      const { outage } = probe.subject
      if (outage === undefined) return
      const { broker } = probe
      await broker.subscribe('none')
      await outage.begin()
      const publication = await broker.publish('none', 'here')
      assertSame(publication.degraded, true, 'without history it is marked')
      assertSame(probe.told('none'), [publication], 'and told here')
      const refused = await broker.publish('a', 'kept').then(
        () => false,
        () => true,
      )
      assertKept(refused, 'what should be kept is refused')
      await outage.end()
    },
  },
]
