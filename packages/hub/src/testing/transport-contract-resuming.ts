import type { Position } from '../index.ts'
import { assertKept, assertSame } from './contract-assertions.ts'
import {
  assertPositions,
  assertTold,
  dataTold,
  gapsTold,
  numbered,
  placed,
  publishAll,
  type TransportContractEntry,
  type TransportReader,
  type TransportTold,
  untilPlaced,
  untilTold,
} from './transport-subject.ts'

/** Resuming: a subscriber that comes back has what it missed, and then what is live, each once. */
export const resumingCases: readonly TransportContractEntry[] = [
  {
    name: 'who comes with a position is told all behind it, and goes on live',
    async check(subject) {
      const positions = await publishAll(subject, 'a', numbered('before', 10))
      const reader = await subject.open('a', placed(positions[3]))
      await untilTold(reader, 'before 9')
      positions.push(...(await publishAll(subject, 'a', numbered('after', 10))))
      const expected = [...numbered('before', 10).slice(4), ...numbered('after', 10)]
      await assertTold(reader, expected, 'what was missed comes first, then what is live, each once')
      assertPositions(subject, reader, positions.slice(4))
      assertSame(gapsTold(reader.told), [], 'nothing is missing, and nothing is said to be')
    },
  },
  {
    name: 'who comes with the newest position misses nothing, and is told nothing before the next publication',
    async check(subject) {
      const positions = await publishAll(subject, 'a', ['old', 'newest'])
      const reader = await subject.open('a', placed(positions[1]))
      await subject.publish('a', 'next')
      await assertTold(reader, ['next'], 'only the next publication is told')
      assertSame(gapsTold(reader.told), [], 'nothing is missing')
    },
  },
  {
    name: 'who was told nothing yet knows where to resume from',
    async check(subject) {
      if (!subject.tellsPositions) return
      await publishAll(subject, 'a', ['long before'])
      const first = await subject.open('a')
      const position = await untilPlaced(first)
      first.cut()
      await publishAll(subject, 'a', numbered('missed', 3))
      const second = await subject.open('a', position)
      await assertTold(second, numbered('missed', 3), 'what was published since is told')
      assertSame(gapsTold(second.told), [], 'nothing is missing')
    },
  },
  {
    name: 'who begins in a channel that nobody published to resumes there',
    async check(subject) {
      if (!subject.tellsPositions) return
      const first = await subject.open('fresh')
      const position = await untilPlaced(first)
      first.cut()
      await publishAll(subject, 'fresh', numbered('news', 3))
      const second = await subject.open('fresh', position)
      await assertTold(second, numbered('news', 3), 'everything is told from the first publication on')
    },
  },
  {
    name: 'many publications are recovered, all of them, in order',
    options: { historySize: 5000 },
    async check(subject) {
      const [first] = await publishAll(subject, 'a', ['first'])
      const missed = numbered('missed', 290).map((data) => data.padEnd(1000))
      await publishAll(subject, 'a', missed)
      const reader = await subject.open('a', placed(first))
      await subject.publish('a', 'live')
      await assertTold(reader, [...missed, 'live'], 'all of them are told, once, in order')
    },
  },
  {
    name: 'who is cut off again and again, while others publish, has everything once and in order',
    async check(subject) {
      if (!subject.tellsPositions) return
      const start = placed((await publishAll(subject, 'a', ['start']))[0])
      const expected = numbered('news', 400)
      const publishing = publishAll(subject, 'a', [...expected, 'end'])
      // Whether or not somebody still waits for it.
      publishing.catch(() => {})
      const told: TransportTold[] = []
      let position: Position = start
      for (let readers = 0; !dataTold(told).includes('end'); readers++) {
        const reader = await subject.open('a', position)
        await untilSomething(reader, readers % 4)
        reader.cut()
        told.push(...reader.told)
        assertSame(gapsTold(told), [], 'nothing is missing, and nothing is said to be')
        assertKept(reader.position !== undefined, 'a subscriber knows where to resume')
        position = reader.position
      }
      await publishing
      assertSame(dataTold(told), [...expected, 'end'], 'everything is told, once, in order')
    },
  },
  {
    name: 'two that resume from different positions are told what each of them missed',
    async check(subject) {
      const positions = await publishAll(subject, 'a', numbered('news', 6))
      const readers = await Promise.all([1, 3].map((i) => subject.open('a', placed(positions[i]))))
      await subject.publish('a', 'end')
      for (const [i, from] of [2, 4].entries()) {
        const expected = [...numbered('news', 6).slice(from), 'end']
        await assertTold(readers[i] as TransportReader, expected, 'what came behind its own position is told')
      }
    },
  },
]

/** Resolves when a reader was told so many more things, or the last one. */
async function untilSomething(reader: TransportReader, things: number): Promise<void> {
  const publications = (): number => dataTold(reader.told).length
  while (reader.end === undefined && publications() < things && !dataTold(reader.told).includes('end')) {
    await reader.changed()
  }
}
