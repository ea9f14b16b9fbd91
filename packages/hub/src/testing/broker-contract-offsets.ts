import type { PublicationData } from '../index.ts'
import { type BrokerContractEntry, dataOf, positionOf, standOf } from './broker-subject.ts'
import { assertKept, assertSame } from './contract-assertions.ts'

/** Every kind of data, and the members of each kind that get lost easily. */
const DATA: readonly PublicationData[] = [
  'plain text',
  '',
  'žluťoučký kůň 🐎 \u0000 \r\n \u2028',
  '{"looks":"like JSON"}',
  null,
  true,
  false,
  0,
  -0.5,
  1e300,
  [],
  {},
  { nested: [{ deeply: null }, 'ž', [false]], '': 0 },
  Uint8Array.of(),
  Uint8Array.of(0, 127, 128, 255),
]

/** Storing: offsets, epochs and data. */
export const offsetCases: readonly BrokerContractEntry[] = [
  {
    name: 'offsets strictly increase from the first publication on, within one epoch',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      let last = before
      for (let i = 0; i < 20; i++) {
        const position = positionOf(await broker.publish('a', i))
        assertSame(position.epoch, before.epoch, 'the epoch of a stream does not change')
        assertKept(position.offset > last.offset, `offset ${position.offset} does not come after ${last.offset}`)
        last = position
      }
      assertSame(standOf(await broker.history('a')), last, 'the stream stands at its last publication')
    },
  },
  {
    name: 'an epoch is 1 to 64 letters, digits, "-" and "_", and an offset a safe integer',
    async check({ broker }) {
      const { epoch, offset } = positionOf(await broker.publish('a', 'x'))
      assertKept(/^[A-Za-z0-9_-]{1,64}$/.test(epoch), `epoch ${JSON.stringify(epoch)} cannot go into a position`)
      assertKept(Number.isSafeInteger(offset) && offset > 0, `offset ${offset} cannot go into a position`)
    },
  },
  {
    name: 'a publication is stored when publish resolves, as it was resolved with',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      const publication = await broker.publish('a', { n: 1 })
      assertSame(publication.channel, 'a', 'a publication names its channel')
      assertSame(publication.data, { n: 1 }, 'a publication has its data')
      assertKept(Number.isFinite(publication.time), 'a publication has the time when it was stored')
      const { publications } = await broker.history('a', before)
      assertSame(publications, [publication], 'history has the publication that publish resolved with')
    },
  },
  {
    name: 'publications at the same time get offsets of their own, and none is lost',
    async check({ broker }) {
      const before = standOf(await broker.history('a'))
      const numbers = Array.from({ length: 50 }, (_, i) => i)
      const published = await Promise.all(numbers.map((i) => broker.publish('a', i)))
      const offsets = published.map((publication) => positionOf(publication).offset)
      assertSame(new Set(offsets).size, numbers.length, 'every publication has an offset of its own')
      const { publications } = await broker.history('a', before)
      const sorted = [...published].sort((x, y) => positionOf(x).offset - positionOf(y).offset)
      assertSame(publications, sorted, 'history has all of them, in the order of their offsets')
    },
  },
  {
    name: 'channels are streams of their own',
    async check({ broker }) {
      const inA = standOf(await broker.history('a'))
      const inB = standOf(await broker.history('b'))
      await broker.publish('a', 'for a')
      await broker.publish('b', 'for b')
      assertSame(dataOf(await broker.history('a', inA)), ['for a'], 'a has what was published to a')
      assertSame(dataOf(await broker.history('b', inB)), ['for b'], 'b has what was published to b')
    },
  },
  {
    name: 'every kind of data comes back unchanged, from history and to the listener',
    async check(probe) {
      const { broker } = probe
      await broker.subscribe('a')
      const before = standOf(await broker.history('a'))
      const published = await probe.publishAll('a', DATA)
      const told = await probe.untilTold('a', DATA.length)
      const { publications } = await broker.history('a', before)
      for (const [i, data] of DATA.entries()) {
        assertSame(published[i]?.data, data, 'publish resolves with the data')
        assertSame(told[i]?.data, data, 'the listener is told the data')
        assertSame(publications[i]?.data, data, 'history has the data')
      }
    },
  },
]
