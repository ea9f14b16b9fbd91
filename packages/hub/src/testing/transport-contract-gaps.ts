import type { Position } from '../index.ts'
import { assertKept, assertSame } from './contract-assertions.ts'
import {
  dataTold,
  gapsTold,
  numbered,
  placed,
  publishAll,
  type TransportContractEntry,
  type TransportReader,
  type TransportSubject,
  untilEnded,
  untilTold,
  untilTrue,
} from './transport-subject.ts'

const SMALL = { historySize: 5 }

/** Gaps: what history does not hold any more is told, and nothing else is. */
export const gapCases: readonly TransportContractEntry[] = [
  {
    name: 'what history does not hold any more is a gap, told before everything else',
    options: SMALL,
    async check(subject) {
      const positions = await publishAll(subject, 'a', numbered('news', 12))
      const reader = await subject.open('a', placed(positions[2]))
      await assertGap(subject, reader, 'history-expired', numbered('news', 12).slice(7))
    },
  },
  {
    name: 'what history just still holds is no gap',
    options: SMALL,
    async check(subject) {
      const positions = await publishAll(subject, 'a', numbered('news', 12))
      const reader = await subject.open('a', placed(positions[6]))
      await untilTold(reader, 'news 11')
      assertSame(dataTold(reader.told), numbered('news', 12).slice(7), 'everything behind the position is told')
      assertSame(gapsTold(reader.told), [], 'nothing is missing')
    },
  },
  {
    name: 'a position of another stream is a gap: its epoch has changed',
    options: SMALL,
    async check(subject) {
      const [last] = await publishAll(subject, 'a', ['news 0'])
      const reader = await subject.open('a', { ...placed(last), epoch: 'never-given-out' })
      await assertGap(subject, reader, 'epoch-changed', ['news 0'])
    },
  },
  {
    name: 'a position ahead of the stream is a gap',
    options: SMALL,
    async check(subject) {
      const last = placed((await publishAll(subject, 'a', ['news 0']))[0])
      const reader = await subject.open('a', { ...last, offset: last.offset + 1_000_000 })
      await assertGap(subject, reader, 'epoch-changed', ['news 0'])
    },
  },
  {
    name: 'a history that was removed is a gap for who resumes from before that',
    async check(subject) {
      const positions = await publishAll(subject, 'a', numbered('news', 3))
      await subject.removeHistory('a')
      const reader = await subject.open('a', placed(positions[0]))
      await assertGap(subject, reader, undefined, [])
    },
  },
  {
    name: 'who was told of a gap resumes behind it without another',
    options: SMALL,
    async check(subject) {
      if (!subject.tellsPositions) return
      const positions = await publishAll(subject, 'a', numbered('news', 12))
      const first = await subject.open('a', placed(positions[0]))
      const last = placed(positions[11])
      await untilTrue(
        first,
        () => first.position?.offset === last.offset,
        'a subscriber is told everything that is held',
      )
      assertSame(gapsTold(first.told).length, 1, 'the gap is told once')
      first.cut()
      await publishAll(subject, 'a', ['next', 'end'])
      const second = await subject.open('a', first.position)
      await untilTold(second, 'end')
      assertSame(dataTold(second.told), ['next', 'end'], 'it goes on behind what it was told')
      assertSame(gapsTold(second.told), [], 'the gap is over')
    },
  },
]

/** Holds a reader to a gap, and to what comes behind it. */
async function assertGap(
  subject: TransportSubject,
  reader: TransportReader,
  reason: string | undefined,
  held: readonly string[],
): Promise<void> {
  if (subject.afterGap === 'end') {
    await untilEnded(reader)
    assertSame(dataTold(reader.told), [], 'nothing is told behind the gap')
  } else {
    const standing: Position | undefined = await subject.publish('a', 'live')
    await untilTold(reader, 'live')
    const expected = [...(subject.afterGap === 'held' ? held : []), 'live']
    assertSame(dataTold(reader.told), expected, 'it goes on behind the gap')
    if (subject.tellsPositions) assertSame(reader.position, standing, 'it stands where the stream does')
  }
  const gaps = gapsTold(reader.told)
  assertSame(gaps.length, 1, 'the gap is told, once')
  if (reason !== undefined && gaps[0] !== 'untold') assertSame(gaps[0], reason, 'it is told why')
  const first = reader.told.find(({ kind }) => kind === 'gap' || kind === 'publication')
  assertKept(first?.kind === 'gap', 'the gap is told before what comes behind it')
}
